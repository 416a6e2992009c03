import { type Clock, uuid } from '@keyplane/core'
import type { Writer } from '@keyplane/database'
import { Call } from '../call.ts'
import { rootIdentity } from '../iam/root-identity.ts'
import type { OperationContext, StoreParts } from '../operation-context.ts'
import type { SecretRow } from '../storage/tables.ts'

/** What the store does by itself. */
export interface ServiceCallParts extends StoreParts {
  readonly clock: Clock
  readonly writer: Writer
}

/** Who the audit log says it was. */
export const rotationActor = 'keyplane:rotation'

/**
 * An operation on a secret that nobody called: it is recorded like any other. Nobody's policies are asked; the secret's KMS
 * key is, for the root user of the secret's account.
 */
export const serviceCall = async <Output>(
  parts: ServiceCallParts,
  { arn, account, region }: SecretRow,
  operation: string,
  run: (context: OperationContext) => Promise<Output>,
): Promise<Output> => {
  const { clock, random, writer } = parts
  const nowMs = clock.nowMs()
  const call = new Call({ requestId: uuid(random), atMs: nowMs, writer })
  call.actor = rotationActor
  call.action = `secretsmanager:${operation}`
  call.resource = arn
  const identity = rootIdentity(account)
  const caller = { principal: identity.arn, account, region, identity, sourceIp: '127.0.0.1', isSecure: true }
  const output = await run({ ...parts, call, caller, nowMs })
  await call.record('allow')
  return output
}
