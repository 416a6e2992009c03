import { type Random, SecretsError, toSecretsError } from '@keyplane/core'
import fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { RequestLimits } from '../limits/request-limits.ts'
import type { TlsOptions } from '../listen/tls-files.ts'
import { answerBroken } from './answer-broken.ts'
import { answerHeaders } from './answer-headers.ts'
import { answerError } from './error-answer.ts'
import type { FailureLog } from './failure-log.ts'
import { inRequest } from './request-context.ts'
import { requestIdOf } from './request-id.ts'

export interface HttpAppParts {
  readonly failures: FailureLog
  readonly limits: RequestLimits
  readonly random: Random
  /** Addresses and networks that say by `X-Forwarded-For` for whom they ask. Default: nobody is believed that. */
  readonly proxies?: readonly string[]
  /** Default: plain HTTP. */
  readonly tls?: TlsOptions | undefined
}

/** A route that takes a body says how long it may be by `bodyLimit`; none needs more of a path and headers. */
const sizes = {
  bodyLimit: 1_024,
  requestTimeout: 10_000,
  http: { maxHeaderSize: 16_384 },
  routerOptions: { maxParamLength: 512 },
}

/**
 * An app without routes: what each request gets, whatever it asks for. Its id and headers come first; what is thrown is
 * answered in one place.
 */
export const httpApp = ({ failures, limits, random, proxies = [], tls }: HttpAppParts): FastifyInstance => {
  const options: FastifyServerOptions = {
    ...sizes,
    ...(proxies.length > 0 && { trustProxy: [...proxies] }),
    ...(tls && { https: { ...tls, maxHeaderSize: sizes.http.maxHeaderSize } }),
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id'], random),
    exposeHeadRoutes: false,
    clientErrorHandler: answerBroken({ random, secure: tls !== undefined }),
    // A path that can't be decoded is met before any hook.
    frameworkErrors: (error, { id }, reply) =>
      void answerError(reply.headers(answerHeaders(id, tls !== undefined)) as never, error),
  }
  const app = fastify(options)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('client', null as never)
  app.setErrorHandler((thrown, request, reply) => {
    // A login's password.
    if (isForAnybody(request) && toSecretsError(thrown).code === 'unauthenticated') limits.failed(request.ip)
    answerError(reply, thrown)
    if (reply.statusCode >= 500) failures.tell(thrown, request.id)
  })
  app.setNotFoundHandler((_request, reply) => answerError(reply, noRoute()))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(answerHeaders(request.id, tls !== undefined))
    if (isForAnybody(request)) limits.stranger(request.ip)
    // Before a body is read, which nothing here would take.
    if (request.is404) throw noRoute()
  })
  // After the body, whose events come from the connection and know of no request.
  app.addHook('preHandler', ({ id: requestId }, _reply, done) => inRequest({ requestId }, done))
  return app
}

const noRoute = (): SecretsError => new SecretsError('unsupported', 'There is no such call.', { reason: 'no_route' })

/** Routes with `security` are counted by their guard; probes cost nothing, and have to be answered in a flood too. */
const isForAnybody = ({ routeOptions: { schema } }: FastifyRequest): boolean =>
  schema?.security === undefined && !schema?.tags?.includes('probes')
