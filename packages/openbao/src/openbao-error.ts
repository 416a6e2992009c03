import { SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer } from './answer.ts'
import type { Failure } from './failure.ts'

export interface ErrorContext {
  readonly source: string
  /** What was asked, for people: `GET secret/data/prod/db`. */
  readonly asked: string
  /** What was sent and must not come back in a message. */
  readonly secrets: readonly string[]
}

const maxSaidLength = 300

/** The server's own words on one line, without anything that was sent as a secret. */
const saidBy = (answer: OpenBaoAnswer, secrets: readonly string[]): string => {
  let said = (answer.errors ?? []).join('; ').replace(/\s+/g, ' ').trim()
  for (const secret of secrets) if (secret.length > 3) said = said.replaceAll(secret, '****')
  return said.length > maxSaidLength ? `${said.slice(0, maxSaidLength)}…` : said
}

/** A failure as an error, with the server's words and its request id kept. */
export const openBaoError = (
  { code, reason, meaning }: Failure,
  answer: OpenBaoAnswer,
  { source, asked, secrets }: ErrorContext,
): SecretsError => {
  const message = saidBy(answer, secrets)
  const request = answer.requestId === undefined ? '' : `, request ${answer.requestId}`
  return new SecretsError(code, `${asked}: ${meaning} (HTTP ${answer.status}${request}).`, {
    source,
    ...(reason === undefined ? {} : { reason }),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    upstream: { protocol: 'openbao', code: reason ?? code, status: answer.status, message },
  })
}
