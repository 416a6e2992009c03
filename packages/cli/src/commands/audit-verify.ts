import { verifyAudit } from '@keyplane/store'
import { tellChains } from '../audit-verdicts/tell-chains.ts'
import type { Command } from '../context.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { rootKeySource } from '../root-key/root-key-source.ts'

/** Whether every chain of the audit log is whole. */
export const auditVerifyCommand: Command<DatabaseFlags & RootKeyFlags> = async (context, _args, flags) => {
  // The root key seals the log's end: without it, a log that was computed anew would pass.
  const rootKey = rootKeySource(context, flags)
  return tellChains(await verifyAudit({ ...existingDatabase(context, flags), rootKey }), context.terminal)
}
