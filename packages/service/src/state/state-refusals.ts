import { SecretsError } from '@keyplane/core'
import { compileOnce, statement } from '@keyplane/database'
import { forgottenAfterMs, type LoginRefusal, type RefusalLedger } from '@keyplane/openbao'
import type { State } from './open-state.ts'
import type { LoginRefusalsRow } from './tables.ts'

/** Who is overtaken mostly finds then that it has to wait, and writes nothing. */
const attempts = 50

/** Refused logins in the service's own state: counted by all replicas that share its database, and after a restart. */
export const stateRefusals = ({ reader, writer }: Pick<State, 'reader' | 'writer'>): RefusalLedger => {
  const { query } = reader
  const find = compileOnce((role: string) => query.selectFrom('login_refusals').selectAll().where('role', '=', role))
  /** Whether it was written, rather than another replica having been quicker. */
  const write = async (
    role: string,
    row: LoginRefusalsRow | undefined,
    kept: readonly LoginRefusal[],
  ): Promise<boolean> => {
    const next = {
      role,
      refusals: JSON.stringify(kept),
      revision: (row?.revision ?? 0) + 1,
      expires_at_ms: Math.max(0, ...kept.map(({ atMs }) => atMs)) + forgottenAfterMs,
    }
    const change = row
      ? query.updateTable('login_refusals').set(next).where('role', '=', role).where('revision', '=', row.revision)
      : query.insertInto('login_refusals').values(next)
    return (await writer.write({ statements: [statement(change.compile(), 1)], audit: [] })) === 'committed'
  }
  return {
    update: async (role, step) => {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const [row] = await reader.all(find(role))
        const before = row ? (JSON.parse(row.refusals) as readonly LoginRefusal[]) : []
        const result = step(before)
        if (result.kept === before || (await write(role, row, result.kept))) return result
      }
      throw new SecretsError('conflict', 'Other replicas were quicker each time.', { source: 'database' })
    },
  }
}
