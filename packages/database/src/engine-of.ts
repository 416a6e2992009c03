import { type Kysely, PostgresAdapter } from 'kysely'
import type { Engine } from './ports.ts'

/** Which engine a Kysely speaks to. */
export const engineOf = <Tables>(db: Kysely<Tables>): Engine =>
  db.getExecutor().adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite'
