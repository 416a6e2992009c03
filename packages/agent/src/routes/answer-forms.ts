import { revealText, SecretsError, type SecretVersion } from '@keyplane/core'
import { fieldText } from '@keyplane/secrets'
import { wantsText } from '../http/accepts-text.ts'
import { type AgentRequest, type AgentResponse, headerValues, json } from '../http/messages.ts'
import type { AnswerBodies } from './answer-bodies.ts'

/** The agent's JSON, the value alone, or one field of it. */
export type AnswerForm = 'json' | 'text' | { readonly field: string }

export const answerForm = (request: AgentRequest, jsonKey: string | undefined): AnswerForm => {
  if (jsonKey !== undefined) return { field: jsonKey }
  return wantsText(headerValues(request, 'accept').join(',')) ? 'text' : 'json'
}

/** The answer for a version in the form that was asked for; 400 where the value has none. */
export const answerIn = (form: AnswerForm, version: SecretVersion, bodies: AnswerBodies): AgentResponse => {
  if (form === 'json') return bodies.of(version)
  if (form === 'text') return wholeText(version)
  const field = fieldText(version, form.field)
  return field.ok ? value(field.value) : noText(version, field.why)
}

const wholeText = (version: SecretVersion): AgentResponse => {
  try {
    return value(revealText(version.value))
  } catch (thrown) {
    if (!(thrown instanceof SecretsError)) throw thrown
    return noText(version, 'is bytes that are no text')
  }
}

/** Its charset is told: clients take a text without one for Latin-1. */
const value = (body: string): AgentResponse => ({ status: 200, contentType: 'text/plain; charset=utf-8', body })

/** AWS's name for a request that its resource, as it stands, cannot answer: no absence, for which a client has a default. */
const noText = ({ name, id }: SecretVersion, why: string): AgentResponse =>
  json(
    400,
    JSON.stringify({ __type: 'InvalidRequestException', message: `The secret ${JSON.stringify(name ?? id)} ${why}.` }),
  )
