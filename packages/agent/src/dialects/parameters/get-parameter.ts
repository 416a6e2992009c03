import { revealText, type SecretRef, SecretsError, type SecretVersion } from '@keyplane/core'
import type { Route } from '../../http/handlers.ts'
import { type AgentResponse, json, text } from '../../http/messages.ts'
import { agentError } from '../../routes/get-secret.ts'
import { type AskedSecret, type Found, SecretReads, type SecretReadsParts } from '../../routes/secret-reads.ts'
import { isForParameter, parseParameterRequest, type ParameterRequest } from './parameter-request.ts'

/** Parameters as the AWS Parameters and Secrets Lambda Extension gives them; the parts' secrets are Parameter Store's. */
export const getParameter = (parts: SecretReadsParts): Route => {
  const { clock, meters } = parts
  const reads = new SecretReads(parts)
  return ({ target }, { caller }) => {
    if (!isForParameter(target)) return undefined
    const sinceMs = clock.monotonicMs()
    const request = parseParameterRequest(target)
    if (!request.ok) {
      meters.refused(400)
      return text(400, request.body)
    }
    const asked: AskedSecret = { ref: refOf(request), sinceMs, client: caller?.name, scope: caller?.parameters }
    const answer = (found: Found): AgentResponse =>
      reads.tell(
        asked,
        found.outcome,
        'error' in found ? parameterError(found) : parameterAnswer(request, found.version),
      )
    const found = reads.find(asked)
    return found instanceof Promise ? found.then(answer) : answer(found)
  }
}

/** Parameter Store says by a name alone that a parameter is not there: without a message that is not nothing. */
const parameterError = (failed: Extract<Found, { readonly error: unknown }>): AgentResponse => {
  const { upstream } = failed.error
  const isNameAlone = upstream?.protocol === 'aws-json-1.1' && upstream.code !== '' && upstream.message === ''
  return isNameAlone ? json(upstream.status, JSON.stringify({ __type: upstream.code })) : agentError(failed)
}

const refOf = ({ name, version, label }: ParameterRequest): SecretRef => ({
  id: name,
  ...(version !== undefined && { version }),
  ...(label !== undefined && { stage: `label:${label}` as const }),
})

const parameterAnswer = (request: ParameterRequest, version: SecretVersion): AgentResponse => {
  const { attributes = {} } = version
  if (attributes['ssm.type'] !== 'SecureString' || request.withDecryption)
    return json(200, encodeParameter(request, version))
  // AWS gives the ciphertext, which is of no use without a call to KMS; the plain text was not asked for.
  const message = `The parameter ${JSON.stringify(request.name)} is a SecureString: ask for it with withDecryption=true.`
  return agentError({ error: new SecretsError('invalid_request', message), outcome: 'failed' })
}

/** The members of GetParameter's answer in the order of the extension's, which leaves none out. */
const encodeParameter = ({ version, label }: ParameterRequest, found: SecretVersion): string => {
  const { id, name = id, createdAtMs, attributes = {} } = found
  const selector = version ?? label
  const parameter = {
    ARN: id,
    DataType: attributes['ssm.dataType'] ?? null,
    LastModifiedDate: createdAtMs === undefined ? null : goTime(createdAtMs),
    Name: name,
    Selector: selector === undefined ? null : `:${selector}`,
    SourceResult: null,
    Type: attributes['ssm.type'] ?? null,
    Value: revealText(found.value),
    Version: Number(found.version),
  }
  return JSON.stringify({ Parameter: parameter, ResultMetadata: {} })
}

/** As Go writes a time: no zeros at the end of the second's fraction. */
const goTime = (epochMs: number): string => new Date(epochMs).toISOString().replace(/\.?0+Z$/, 'Z')
