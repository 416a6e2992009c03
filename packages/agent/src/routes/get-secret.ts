import { type CallOptions, type Clock, type Reading, type SecretRef, toSecretsError } from '@keyplane/core'
import { encodeAgentError, type GetSecretRequest, labelledStage, parseGetSecret } from '@keyplane/protocol'
import type { Route } from '../http/handlers.ts'
import { type AgentResponse, json, text } from '../http/messages.ts'
import type { Meters, ReadOutcome } from '../metrics/meters.ts'
import type { AnswerBodies } from './answer-bodies.ts'
import { type AnswerForm, answerForm, answerIn } from './answer-forms.ts'

/** A read, as it may be told: never its value. */
export interface ReadEvent {
  readonly secretId: string
  readonly outcome: ReadOutcome
  readonly status: number
  readonly durationMs: number
}

export interface GetSecretParts {
  readonly secrets: {
    peek(ref: SecretRef): Reading | undefined
    read(ref: SecretRef, call: CallOptions & { readonly required: true }): Promise<Reading>
  }
  readonly bodies: AnswerBodies
  /** Where the path form begins. */
  readonly pathPrefix: string
  readonly clock: Clock
  readonly log: { debug(facts: object, message: string): void }
  readonly meters: Meters
  readonly onRead?: (event: ReadEvent) => void
}

/** A request, the form that its answer is to have, and when it came. */
interface Asked extends GetSecretRequest {
  readonly form: AnswerForm
  readonly sinceMs: number
}

/** An absence is thrown too: its words are the source's, which clients look for. */
const required = Object.freeze({ required: true } as const)

/** `refreshNow`: from the origin, and what is kept covers no failure. */
const fromOrigin = Object.freeze({ ...required, freshness: Object.freeze({ maxAgeMs: 0, maxStaleMs: 0 }) })

/** The two forms of a read: `/secretsmanager/get?secretId=…` and `/v1/<secretId>`. */
export const getSecret = (parts: GetSecretParts): Route => {
  const { secrets, bodies, pathPrefix, clock, log, meters, onRead } = parts

  const tell = (secretId: string, outcome: ReadOutcome, status: number, sinceMs: number): void => {
    const event = { secretId, outcome, status, durationMs: clock.monotonicMs() - sinceMs }
    log.debug(event, 'Read.')
    meters.read(outcome)
    onRead?.(event)
  }

  const answer = ({ secretId, form, sinceMs }: Asked, { version }: Reading, outcome: ReadOutcome): AgentResponse => {
    const response = answerIn(form, version, bodies)
    tell(secretId, outcome, response.status, sinceMs)
    return response
  }

  const readThrough = async (asked: Asked, ref: SecretRef): Promise<AgentResponse> => {
    const { secretId, sinceMs } = asked
    try {
      const reading = await secrets.read(ref, asked.refreshNow ? fromOrigin : required)
      const isStale = reading.failure !== undefined && clock.monotonicMs() >= reading.freshUntilMs
      return answer(asked, reading, isStale ? 'stale' : 'fetched')
    } catch (thrown) {
      const error = toSecretsError(thrown)
      const { status, body } = encodeAgentError(error)
      log.debug({ secretId, code: error.code, status }, 'The source gave no value.')
      tell(secretId, 'failed', status, sinceMs)
      return json(status, body)
    }
  }

  return (sent) => {
    const sinceMs = clock.monotonicMs()
    const request = parseGetSecret(sent.target, { pathPrefix })
    if (!request.ok) {
      meters.refused(request.status)
      return text(request.status, request.body)
    }
    const ref = refOf(request)
    const cached = request.refreshNow ? undefined : secrets.peek(ref)
    const asked = { ...request, form: answerForm(sent, request.jsonKey), sinceMs }
    return cached ? answer(asked, cached, 'hit') : readThrough(asked, ref)
  }
}

/** The route's answer for a plain id, for who has read the request and let it pass already. */
export const getPlainSecret = (parts: GetSecretParts): ((secretId: string) => Promise<AgentResponse>) => {
  const route = getSecret(parts)
  return async (secretId) => {
    const target = `/secretsmanager/get?secretId=${secretId}`
    return (await route({ method: 'GET', target, rawHeaders: [] })) ?? text(404, 'Not found')
  }
}

const refOf = ({ secretId, versionId, versionStage, roleArn }: GetSecretRequest): SecretRef => ({
  id: secretId,
  ...(versionId !== undefined && { version: versionId }),
  ...(versionStage !== undefined && { stage: labelledStage(versionStage) }),
  ...(roleArn !== undefined && { as: roleArn }),
})
