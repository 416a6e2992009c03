import { SecretsError } from '@keyplane/core'
import { compileOnce, statement } from '@keyplane/database'
import type { State } from '../state/open-state.ts'
import type { IncidentRow } from '../state/tables.ts'
import type { AlertLedger } from './alert-ledger.ts'
import type { Incident } from './incident.ts'

/** Replicas look every ten seconds; one that is overtaken so often in a row meets something else. */
const attempts = 10

/** In the service's own state: one for all replicas that share its database. */
export const stateLedger = ({ reader, writer }: Pick<State, 'reader' | 'writer'>): AlertLedger => {
  const { query } = reader
  const find = compileOnce((key: string) => query.selectFrom('incidents').selectAll().where('condition', '=', key))
  /** Whether it was written, rather than another replica having been quicker. */
  const write = async (key: string, row: IncidentRow | undefined, incident: string): Promise<boolean> => {
    const next = { condition: key, incident, revision: (row?.revision ?? 0) + 1 }
    const change = row
      ? query.updateTable('incidents').set(next).where('condition', '=', key).where('revision', '=', row.revision)
      : query.insertInto('incidents').values(next)
    return (await writer.write({ statements: [statement(change.compile(), 1)], audit: [] })) === 'committed'
  }
  return {
    update: async (key, step) => {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const [row] = await reader.all(find(key))
        const result = step(row && (JSON.parse(row.incident) as Incident))
        const incident = result.kept && JSON.stringify(result.kept)
        if (incident === undefined || incident === row?.incident || (await write(key, row, incident))) return result
      }
      throw new SecretsError('conflict', 'Other replicas were quicker each time.', { source: 'database' })
    },
  }
}
