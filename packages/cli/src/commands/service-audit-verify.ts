import { readServiceConfig, stateSettings, verifyServiceAudit } from '@keyplane/service'
import { tellAuditFolder } from '../audit-verdicts/tell-audit-folder.ts'
import { tellChains } from '../audit-verdicts/tell-chains.ts'
import type { Command } from '../context.ts'

/** `keyplane service audit verify`: whether the service's audit log is whole, wherever its configuration keeps it. */
export const serviceAuditVerify: Command<{ readonly config: string }> = async (context, _args, flags) => {
  const { env, folder, terminal } = context
  const settings = stateSettings({ config: readServiceConfig(flags.config), env, file: folder.serviceState })
  if (!settings.keepsAudit) return tellAuditFolder(folder.serviceAudit, terminal)
  return tellChains(await verifyServiceAudit(settings), terminal)
}
