import type { AuditBatches } from '@keyplane/agent'
import type { Clock, Random } from '@keyplane/core'

/** Opens the audit log of a folder, whose code is loaded by who has one. */
export const openAgentAudit =
  ({ clock, random }: { readonly clock: Clock; readonly random: Random }) =>
  async (folder: string): Promise<AuditBatches> => {
    const { AgentAuditFile } = await import('./agent-audit-file.ts')
    return new AgentAuditFile(folder, { clock, random })
  }
