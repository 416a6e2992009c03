import { SecretsError, toSecretsError } from '@keyplane/core'
import { encodeServiceError, httpStatus, problemType } from '@keyplane/protocol'
import type { FastifyError, FastifyReply } from 'fastify'

/** Refusals of the way of asking that HTTP has statuses for, by their reasons. */
const statusOfReason: Readonly<Record<string, number>> = {
  no_route: 404,
  method: 405,
  too_large: 413,
  media_type: 415,
}
const reasonOfStatus = new Map(Object.entries(statusOfReason).map(([reason, status]) => [status, reason]))

/** More is no help. */
const maxIssues = 5

/** Where and what: the schema's words. A member's own name is not said where it is not known: it may be anything. */
const toldIssues = ({ validation = [], validationContext }: FastifyError): string =>
  validation
    .slice(0, maxIssues)
    .map(({ instancePath, keyword, message }) => {
      const what = (keyword as string) === 'unrecognized_keys' ? 'a member that is not known' : message
      return `${validationContext ?? 'request'}${instancePath === '/' ? '' : instancePath}: ${what}`
    })
    .join('; ')

/** By the framework's codes. */
const toldOfCode: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: "The path can't be decoded.",
  FST_ERR_MAX_PARAM_LENGTH: 'A part of the path is too long.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too long.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The content type says JSON, and there is no body.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is no JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body has to be application/json.',
}

/** What goes wrong before a route is reached, in our words: the framework's may quote the request. */
const asSecretsError = (thrown: unknown): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const error = (thrown ?? {}) as FastifyError
  const { statusCode = 500, validation, code } = error
  if (statusCode >= 500) return toSecretsError(thrown)
  const told = validation
    ? `${toldIssues(error)}.`
    : (toldOfCode[code] ?? 'The request is none that is understood here.')
  const reason = reasonOfStatus.get(statusCode)
  return new SecretsError('invalid_request', told, { cause: thrown, ...(reason !== undefined && { reason }) })
}

/** Answers a failure as the wire says. */
export const answerError = (reply: FastifyReply, thrown: unknown): FastifyReply => {
  const { code, message, reason = '', retryAfterMs } = asSecretsError(thrown)
  const status = statusOfReason[reason] ?? httpStatus[code]
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000))
  const body = encodeServiceError({ code, message, requestId: reply.request.id }, status)
  return reply.code(status).type(problemType).send(body)
}
