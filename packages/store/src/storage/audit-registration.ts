import type { AuditRecord } from '@keyplane/core'

/** The action of the record that a chain's registration leaves in the oldest chain. */
export const registerChainAction = 'keyplane:RegisterAuditChain'

/** The record that a chain was registered; it stands in the oldest chain, so that a chain that was removed whole shows. */
export const registrationRecord = (chainId: string, atMs: number, requestId: string): AuditRecord => ({
  atMs,
  actor: 'keyplane:store',
  action: registerChainAction,
  resource: '',
  decision: 'allow',
  requestId,
  detail: { Chain: chainId },
})

/** The chain whose registration a record tells of. */
export const registeredBy = ({ action, actor, detail }: AuditRecord): string | undefined =>
  action === registerChainAction && actor === 'keyplane:store' ? detail?.['Chain'] : undefined
