import { errorCodeOfAws } from '@keyplane/aws'
import { type ErrorCode, SecretsError, type SecretsErrorOptions } from '@keyplane/core'
import { quotable } from '@keyplane/http'
import { parseAgentError } from '@keyplane/protocol'

interface Meaning {
  readonly code: ErrorCode
  readonly reason?: string
  readonly advice?: string
}

/** Answers in plain text, of Keyplane's agent and of AWS's. */
const plainAnswers: Readonly<Record<string, Meaning>> = {
  'Bad Token': {
    code: 'unauthenticated',
    reason: 'bad_token',
    advice: 'Give the token that the agent was started with.',
  },
  Forwarded: { code: 'access_denied', reason: 'forwarded', advice: 'Ask it directly, not through a proxy.' },
  'Unknown host': { code: 'access_denied', reason: 'unknown_host', advice: 'Ask it as localhost or 127.0.0.1.' },
  'Connection limit exceeded': { code: 'rate_limited', reason: 'connections' },
  'Not found': { code: 'source_misconfigured', reason: 'not_an_agent', advice: 'Check the endpoint.' },
  'Not allowed': { code: 'source_misconfigured', reason: 'not_an_agent', advice: 'Check the endpoint.' },
}

const plainMeaning = (status: number, text: string): Meaning & { readonly quotable: boolean } => {
  const known = Object.hasOwn(plainAnswers, text) ? plainAnswers[text] : undefined
  if (known) return { ...known, quotable: true }
  if (text === 'unknown parameter: roleArn') return { code: 'unsupported', quotable: true }
  if (status === 400 && /^(?:missing|unknown|invalid) [^\n]{1,300}$/.test(text))
    return { code: 'invalid_request', quotable: true }
  // Whatever else stands behind the endpoint may answer with anything: it is not quoted.
  if (status === 429) return { code: 'rate_limited', quotable: false }
  if (status === 401) return { code: 'unauthenticated', quotable: false }
  // A proxy's refusal, or a policy's: never taken for a broken answer, behind which an old value might be served.
  if (status === 403) return { code: 'access_denied', quotable: false }
  return { code: status >= 500 ? 'unavailable' : 'bad_response', quotable: false }
}

const typedMeaning = (status: number, type: string, message: string): Meaning => {
  if (type === 'ConnectionError') return { code: 'unavailable', reason: 'upstream' }
  if (type === 'TimeoutError') return { code: 'timeout', reason: 'upstream' }
  if (type === 'MaxRolesExceeded') return { code: 'rate_limited', reason: 'max_roles' }
  return errorCodeOfAws({ name: type, status, message })
}

const optionsOf = ({ reason }: Meaning): SecretsErrorOptions => ({
  source: 'agent',
  ...(reason === undefined ? {} : { reason }),
})

const maxMessage = 4_096
const maxName = 256

/**
 * A refusal or failure that the agent answered, with AWS's own words in `upstream` where it passed them on: up to 4,096
 * characters, and without the token that it was asked with.
 */
export const agentError = (status: number, body: string, token: string): SecretsError => {
  const answered = parseAgentError(body)
  const type = quotable(answered.type, { hidden: [token], maxLength: maxName })
  const message = quotable(answered.message, { hidden: [token], maxLength: maxMessage })
  if (type !== '') {
    const meaning = typedMeaning(status, type, message)
    const upstream = { protocol: 'aws-agent', code: type, status, message }
    const said = message === '' ? type : `${type}: ${message}`
    return new SecretsError(meaning.code, `The agent answered ${said}`, { ...optionsOf(meaning), upstream })
  }
  const meaning = plainMeaning(status, message)
  const said = `HTTP ${status}${meaning.quotable ? ` "${message}"` : ''}`
  const advice = meaning.advice === undefined ? '' : ` ${meaning.advice}`
  return new SecretsError(meaning.code, `The agent answered ${said}.${advice}`, optionsOf(meaning))
}
