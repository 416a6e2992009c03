import { createHash } from 'node:crypto'
import { SecretsError } from '@keyplane/core'
import type { Client, QueryConfig } from 'pg'
import type { SqlRow, SqlValue, Statement } from '../ports.ts'
import { postgresError } from './errors.ts'
import { loadPg } from './load-pg.ts'
import type { PostgresServer } from './server.ts'

/** What a statement gave. */
export interface Answer {
  readonly rows: readonly SqlRow[]
  readonly changed: number
  /** `COMMIT`; a COMMIT in a failed transaction is a `ROLLBACK`. */
  readonly command: string
}

/** One connection to PostgreSQL. Statements are sent at once and answered in their order. */
export class PostgresSession {
  readonly #client: Client
  readonly #label: string
  #isOpen = true

  constructor(client: Client, label: string) {
    this.#client = client
    this.#label = label
    client.on('error', () => this.destroy())
    client.on('end', () => this.destroy())
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Runs a statement, prepared under a name. */
  run({ sql, parameters }: Statement): Promise<Answer> {
    return this.#send(prepared(sql, parameters))
  }

  /** Runs a statement that would not be worth preparing. */
  exec(text: string, values: readonly SqlValue[] = []): Promise<Answer> {
    return this.#send({ text, values: [...values] })
  }

  /** Cuts the connection: the server rolls back what was not committed. */
  destroy(): void {
    this.#isOpen = false
    this.#client.connection.stream.destroy()
  }

  async end(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#client.end()
  }

  async #send(query: QueryConfig): Promise<Answer> {
    try {
      const { rows, rowCount, command } = await this.#client.query<SqlRow>(query)
      return { rows, changed: rowCount ?? 0, command }
    } catch (thrown) {
      throw postgresError(thrown, this.#label)
    }
  }
}

const names = new Map<string, string>()
/** A server keeps what was prepared for as long as the connection; lists of many lengths must not fill its memory. */
const maxNames = 500

/** A query that a connection prepares once, named by its text. */
export const prepared = (text: string, parameters: readonly unknown[]): QueryConfig => {
  const values = [...parameters]
  const name = names.get(text) ?? newName(text)
  return name === undefined ? { text, values } : { text, values, name }
}

const newName = (text: string): string | undefined => {
  if (names.size >= maxNames) return undefined
  const name = `k${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
  names.set(text, name)
  return name
}

/**
 * A new connection to a server that keeps what it acknowledges.
 * @throws SecretsError `unavailable`, `timeout`, `source_misconfigured` (also `not_durable`: fsync or synchronous_commit
 * is off; `read_only`: a standby; `unreadable`: too old, or an encoding that is not UTF-8).
 */
export const connect = async (
  { config, label }: PostgresServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresSession> => {
  const { Client } = await loadPg()
  const client = new Client(config(settings))
  const session = new PostgresSession(client, label)
  try {
    await client.connect()
    await requireDurable(session, label)
    return session
  } catch (thrown) {
    session.destroy()
    throw postgresError(thrown, label)
  }
}

const oldestVersion = 130_000

const requireDurable = async (session: PostgresSession, label: string): Promise<void> => {
  const { rows } = await session.exec(
    `select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
       set_config('synchronous_commit', current_setting('synchronous_commit'), false) as synchronous_commit,
       current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
       pg_is_in_recovery()::int as standby`,
  )
  const found = rows[0] ?? {}
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit'])
    if (found[name] === 'off')
      throw refused(label, 'not_durable', `runs with ${name} = off: it may lose what it acknowledges`)
  if (found['standby'] === 1) throw refused(label, 'read_only', 'is a standby, which cannot be written')
  if (Number(found['version']) < oldestVersion) throw refused(label, 'unreadable', 'is older than PostgreSQL 13')
  if (found['encoding'] !== 'UTF8')
    throw refused(label, 'unreadable', `has the encoding ${String(found['encoding'])}; it has to be UTF8`)
}

const refused = (label: string, reason: string, why: string): SecretsError =>
  new SecretsError('source_misconfigured', `The database ${label} ${why}.`, { reason })
