import { SecretsError } from '@keyplane/core'
import { tellAuditFolder } from '../audit-verdicts/tell-audit-folder.ts'
import type { Command } from '../context.ts'

/** `keyplane agent audit verify FOLDER`: whether the agent's audit log is whole. */
export const agentAuditVerify: Command = async ({ terminal }, [folder]) => {
  if (folder === undefined)
    throw new SecretsError('config_invalid', 'Which folder? keyplane agent audit verify FOLDER', { reason: 'usage' })
  return tellAuditFolder(folder, terminal)
}
