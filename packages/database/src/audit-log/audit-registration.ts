import type { AuditRecord } from '@keyplane/core'

/** Whose log it is. */
export type AuditKeeper = 'store' | 'service'

/** The action of the record that a chain's registration leaves in the oldest chain. */
export const registerChainAction = 'keyplane:RegisterAuditChain'

/** The record that a chain was registered; it stands in the oldest chain, so that a chain that was removed whole shows. */
export const registrationRecord = (
  chainId: string,
  { keeper, atMs, requestId }: { readonly keeper: AuditKeeper; readonly atMs: number; readonly requestId: string },
): AuditRecord => ({
  atMs,
  actor: `keyplane:${keeper}`,
  action: registerChainAction,
  resource: '',
  decision: 'allow',
  requestId,
  detail: { Chain: chainId },
})

/** The chain whose registration a record tells of. */
export const registeredBy = ({ action, actor, detail }: AuditRecord): string | undefined =>
  action === registerChainAction && /^keyplane:(?:store|service)$/.test(actor) ? detail?.['Chain'] : undefined
