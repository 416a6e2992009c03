import type { SecretRef } from '@keyplane/core'
import { encodeAgentError, type GetSecretRequest, labelledStage, parseGetSecret } from '@keyplane/protocol'
import type { Caller } from '../guards/callers.ts'
import type { Route } from '../http/handlers.ts'
import { type AgentResponse, json, text } from '../http/messages.ts'
import type { AnswerBodies } from './answer-bodies.ts'
import { answerForm, answerIn } from './answer-forms.ts'
import { type AskedSecret, type Found, outOfScope, SecretReads, type SecretReadsParts } from './secret-reads.ts'

export interface GetSecretParts extends SecretReadsParts {
  readonly bodies: AnswerBodies
  /** Where the path form begins. */
  readonly pathPrefix: string
}

/** The two forms of a read: `/secretsmanager/get?secretId=…` and `/v1/<secretId>`. */
export const getSecret = (parts: GetSecretParts): Route => {
  const { bodies, pathPrefix, clock, meters } = parts
  const reads = new SecretReads(parts)
  return (sent, { caller }) => {
    const sinceMs = clock.monotonicMs()
    const request = parseGetSecret(sent.target, { pathPrefix })
    if (!request.ok) {
      meters.refused(request.status)
      return text(request.status, request.body)
    }
    const { refreshNow } = request
    const asked: AskedSecret = {
      ref: refOf(request),
      refreshNow,
      sinceMs,
      client: caller?.name,
      scope: caller?.secrets,
    }
    const form = answerForm(sent, request.jsonKey)
    const answer = (found: Found): AgentResponse =>
      reads.tell(asked, found.outcome, 'error' in found ? agentError(found) : answerIn(form, found.version, bodies))
    const found = reads.find(asked)
    return found instanceof Promise ? found.then(answer) : answer(found)
  }
}

/** The route's answer for a plain id, for who has read the request and let it pass already. */
export const getPlainSecret = (
  parts: GetSecretParts,
): ((secretId: string, caller: Caller) => Promise<AgentResponse>) => {
  const route = getSecret(parts)
  return async (secretId, caller) => {
    const target = `/secretsmanager/get?secretId=${secretId}`
    return (await route({ method: 'GET', target, rawHeaders: [] }, { caller })) ?? text(404, 'Not found')
  }
}

/** What is out of a caller's scope is the agent's own refusal, 403; AWS's has 400. */
export const agentError = ({ error }: Extract<Found, { readonly error: unknown }>): AgentResponse => {
  const { status, body } = encodeAgentError(error)
  return json(error.reason === outOfScope ? 403 : status, body)
}

const refOf = ({ secretId, versionId, versionStage, roleArn }: GetSecretRequest): SecretRef => ({
  id: secretId,
  ...(versionId !== undefined && { version: versionId }),
  ...(versionStage !== undefined && { stage: labelledStage(versionStage) }),
  ...(roleArn !== undefined && { as: roleArn }),
})
