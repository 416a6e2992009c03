import { parseSecretArn } from '@keyplane/aws'
import { type Clock, SecretsError, toSecretsError, uuid } from '@keyplane/core'
import type { Writer } from '@keyplane/database'
import { AwsError, toAwsError } from './aws-errors.ts'
import { anonymous, Call } from './call.ts'
import { type Authenticate, authenticateWith } from './authenticate.ts'
import type { StoreParts } from './operation-context.ts'
import { requireOperation } from './operation.ts'
import type { AppAnswer, AppRequest, Protocol } from './protocols/protocol.ts'
import { protocolOf } from './protocols/protocol-of.ts'
import type { Refusals } from './audit/refusals.ts'
import { recordedId } from './secretsmanager/secret-target.ts'

/** A call that was answered, for people who watch. Never a value. */
export interface CallReport {
  readonly requestId: string
  readonly action: string
  /** The secret's name; empty where none is meant. */
  readonly resource: string
  readonly actor: string
  readonly decision: 'allow' | 'deny' | 'error'
  readonly durationMs: number
}

/** Something that went wrong inside, for the log. Never a value. */
export interface StoreProblem {
  readonly requestId: string
  readonly code: string
  readonly reason?: string
  readonly message: string
}

export interface AppParts extends StoreParts {
  /** Without it, signatures are asked for and verified. */
  readonly authenticate?: Authenticate
  readonly writer: Writer
  readonly refusals: Refusals
  readonly clock: Clock
  readonly onCall: (report: CallReport) => void
  readonly onProblem: (problem: StoreProblem) => void
}

export interface AppResponse extends AppAnswer {
  readonly requestId: string
}

export type App = (request: AppRequest) => Promise<AppResponse>

/** The life of a call: who asks, what, may he, then it is done, recorded and answered. */
export const storeApp = (parts: AppParts): App => {
  const authenticate = parts.authenticate ?? authenticateWith(parts)
  return async (request) => {
    const startedAt = parts.clock.monotonicMs()
    const call = new Call({ requestId: uuid(parts.random), atMs: parts.clock.nowMs(), writer: parts.writer })
    const protocol = protocolOf(request)
    const answer = await answered(parts, call, protocol, async () => {
      const operation = protocol.operation(request)
      if (operation) call.action = operation.action
      const caller = authenticate({ request, service: protocol.service, operation })
      call.actor = caller.principal
      const prepared = requireOperation(operation).prepare(protocol.members(request))
      if (prepared.resource !== undefined) call.resource = recordedId(prepared.resource)
      const context = { ...parts, call, caller, nowMs: call.atMs }
      const act = await prepared.authorize(context)
      const output = await act()
      await call.record('allow')
      return protocol.answer(output, call.requestId, request)
    })
    report(parts, call, startedAt)
    return { ...answer, requestId: call.requestId }
  }
}

/** The answer of an act, or its refusal; the refusal is recorded too, and where that fails nothing else is said. */
const answered = async (
  parts: AppParts,
  call: Call,
  protocol: Protocol,
  act: () => Promise<AppAnswer>,
): Promise<AppAnswer> => {
  try {
    return await act()
  } catch (thrown) {
    const error = refusalOf(parts, call, thrown)
    try {
      const refusal = protocol.refusal(error, call.requestId)
      call.note({ Error: refusal.error })
      const isDenied = error.code === 'access_denied' || error.code === 'unauthenticated'
      // Who has no key must not be able to write as much as he likes.
      if (call.actor === anonymous && !parts.refusals.takeRecord()) call.recordedInCommon('deny')
      else await call.record(isDenied ? 'deny' : 'error')
      return refusal.answer
    } catch (unrecorded) {
      return protocol.refusal(refusalOf(parts, call, unrecorded), call.requestId).answer
    }
  }
}

const refusalOf = (parts: AppParts, call: Call, thrown: unknown): AwsError => {
  if (thrown instanceof AwsError) return thrown
  const { code, reason, message, cause } = toSecretsError(thrown)
  // A foreign error's own message may quote what it stumbled over; where it happened may be said.
  const isForeign = code === 'internal' && cause instanceof Error && !(cause instanceof SecretsError)
  const where = isForeign ? ` (${cause.name}${placeOf(cause)})` : ''
  parts.onProblem({ requestId: call.requestId, code, message: `${message}${where}`, ...(reason && { reason }) })
  return toAwsError(thrown)
}

const placeOf = ({ stack }: Error): string => /\n\s+(at .+)/.exec(stack ?? '')?.[1]?.replace(/^/, ' ') ?? ''

const report = ({ clock, onCall }: AppParts, call: Call, startedAt: number): void => {
  const { requestId, action, actor, decision = 'error' } = call
  const resource = parseSecretArn(call.resource)?.name ?? call.resource
  onCall({ requestId, action, resource, actor, decision, durationMs: clock.monotonicMs() - startedAt })
}
