import { type AuditSink, type Clock, SecretsError } from '@keyplane/core'
import type { onRequestAsyncHookHandler } from 'fastify'
import { isAllowed, wholeService } from '../access/decide.ts'
import { accountRecord } from '../audit/account-records.ts'
import { keep } from '../audit/read-records.ts'

export interface MayManageParts {
  readonly audit: AuditSink
  readonly clock: Clock
}

/** A route's guard, after `authenticate`: it goes on to who may do this to users. @throws SecretsError `access_denied` */
export type MayManage = (action: 'users:read' | 'users:write') => onRequestAsyncHookHandler

export const mayManage =
  ({ audit, clock }: MayManageParts): MayManage =>
  (action) =>
  async ({ client: { name: actor, roles }, id: requestId }) => {
    if (isAllowed({ action, ...wholeService }, roles)) return
    await keep(audit, [accountRecord({ actor, requestId }, { action, atMs: clock.nowMs(), decision: 'deny' })])
    throw new SecretsError('access_denied', `You may not ${action === 'users:read' ? 'see' : 'change'} users.`)
  }
