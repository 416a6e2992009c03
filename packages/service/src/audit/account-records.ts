import type { AuditRecord } from '@keyplane/core'

/** On whose behalf something happens, and in which request. */
export interface By {
  /** A client by its name, a user as `user:NAME`; `-` before it is known. */
  readonly actor: string
  readonly requestId: string
}

/** What happened to users and sessions. */
export type AccountAction =
  | 'sessions:create'
  | 'sessions:renew'
  | 'sessions:end'
  | 'users:read'
  | 'users:write'
  | 'users:delete'
  | 'users:end-sessions'

export interface AccountEvent extends Pick<AuditRecord, 'atMs' | 'decision'> {
  readonly action: AccountAction
  /** Default: nobody that there is. What somebody typed in place of a name may be his password. */
  readonly user?: string | undefined
  readonly detail?: Readonly<Record<string, string>>
}

export const accountRecord = (
  { actor, requestId }: By,
  { action, user = '-', atMs, decision, detail }: AccountEvent,
): AuditRecord => ({
  atMs,
  actor,
  action,
  resource: `user/${user}`,
  decision,
  requestId,
  ...(detail && { detail }),
})
