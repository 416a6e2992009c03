import { SecretsError, toSecretsError } from '@keyplane/core'
import { encodeServiceError, httpStatus } from '@keyplane/protocol'
import type { FastifyReply } from 'fastify'

/** What goes wrong before a route is reached, in our words: the framework's may quote the request. */
const asSecretsError = (thrown: unknown): SecretsError => {
  const { statusCode } = (thrown ?? {}) as { readonly statusCode?: unknown }
  if (thrown instanceof SecretsError || typeof statusCode !== 'number' || statusCode >= 500)
    return toSecretsError(thrown)
  return new SecretsError('invalid_request', 'The request is none that is understood here.', { cause: thrown })
}

/** Answers a failure as the wire says. */
export const answerError = (reply: FastifyReply, thrown: unknown): FastifyReply => {
  const { code, message, retryAfterMs } = asSecretsError(thrown)
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000))
  return reply.code(httpStatus[code]).type('application/json').send(encodeServiceError({ code, message }))
}
