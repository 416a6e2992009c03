import type { ErrorCode, SecretsError } from '@keyplane/core'

/** An error as the agent answers it; the body is JSON. */
export interface AgentErrorAnswer {
  readonly status: number
  readonly body: string
}

/** `message` in the error's own words, or the agent's. */
interface Answer {
  readonly status: number
  readonly type: string
  readonly message?: string
}

const internalFailure: Answer = { status: 500, type: 'InternalFailure', message: '' }

/** For errors of a source that is not AWS, and of Keyplane's own layers: what AWS would have said. */
const answers: Readonly<Record<ErrorCode, Answer>> = {
  secret_not_found: { status: 400, type: 'ResourceNotFoundException' },
  secret_deleted: { status: 400, type: 'InvalidRequestException' },
  version_not_found: { status: 400, type: 'ResourceNotFoundException' },
  access_denied: { status: 400, type: 'AccessDeniedException' },
  unauthenticated: { status: 400, type: 'UnrecognizedClientException' },
  invalid_request: { status: 400, type: 'InvalidParameterException' },
  conflict: { status: 400, type: 'InvalidRequestException' },
  unsupported: { status: 400, type: 'InvalidRequestException' },
  rate_limited: { status: 400, type: 'ThrottlingException' },
  unavailable: { status: 502, type: 'ConnectionError', message: 'Read Error' },
  timeout: { status: 504, type: 'TimeoutError', message: 'Timeout' },
  bad_response: internalFailure,
  integrity: internalFailure,
  source_misconfigured: internalFailure,
  config_invalid: internalFailure,
  closed: internalFailure,
  internal: internalFailure,
}

const encode = (type: string, message: string): string =>
  JSON.stringify(message === '' ? { __type: type } : { __type: type, message })

/** Protocols whose errors have the agent's own form. */
const wordForWord: ReadonlySet<string> = new Set(['aws-json-1.1', 'aws-agent'])

/**
 * The agent's answer for an error. What AWS said is passed on with its status, name and message, word for word; an
 * `InternalFailure` and an error without a message lose theirs, as in the AWS agent.
 */
export const encodeAgentError = ({ code, message, upstream }: SecretsError): AgentErrorAnswer => {
  if (upstream && wordForWord.has(upstream.protocol)) {
    if (upstream.code === '') return { status: internalFailure.status, body: encode(internalFailure.type, '') }
    const hasText = upstream.message !== '' && upstream.code !== 'InternalFailure'
    return {
      status: upstream.status,
      body: hasText ? encode(upstream.code, upstream.message) : encode('InternalFailure', ''),
    }
  }
  const { status, type, message: text = message } = answers[code]
  return { status, body: encode(type, text) }
}

/** What an error body of the agent says; a plain text has no type. */
export const parseAgentError = (body: string): { readonly type: string; readonly message: string } => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return { type: '', message: body }
  }
  if (typeof parsed !== 'object' || parsed === null) return { type: '', message: body }
  const { __type: type, message } = parsed as Readonly<Record<string, unknown>>
  return { type: typeof type === 'string' ? type : '', message: typeof message === 'string' ? message : '' }
}
