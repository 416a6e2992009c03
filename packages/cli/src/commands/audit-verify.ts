import { existsSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { verifyAudit } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

/** Whether every chain of the audit log is whole. */
export const auditVerifyCommand: Command = async ({ folder, terminal }) => {
  if (!existsSync(folder.database))
    throw new SecretsError('config_invalid', `There is no store in ${folder.path}; name its folder with --data.`)
  const chains = await verifyAudit({ databasePath: folder.database })
  const isWhole = chains.every(({ verdict }) => verdict.ok)
  if (terminal.json) terminal.data(JSON.stringify({ ok: isWhole, chains }))
  else
    for (const { chainId, records, verdict } of chains)
      terminal.data(
        verdict.ok
          ? `${terminal.style('green', '✓')} ${records} records, none edited, removed or reordered (chain ${chainId})`
          : `${terminal.style('red', '✗')} ${verdict.message} (chain ${chainId}, link ${verdict.link}, record ${verdict.record})`,
      )
  return isWhole ? exitCodes.ok : exitCodes.broken
}
