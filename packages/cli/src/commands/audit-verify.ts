import { existsSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { verifyAudit } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

/** Whether every chain of the audit log is whole. */
export const auditVerifyCommand: Command = async ({ folder, random, terminal }) => {
  if (!existsSync(folder.database))
    throw new SecretsError('config_invalid', `There is no store in ${folder.path}; name its folder with --data.`)
  // The root key seals the log's end: without it, a log that was computed anew would pass.
  const rootKey = fileRootKey({ path: folder.rootKey, random })
  const chains = await verifyAudit({ databasePath: folder.database, rootKey })
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
