import { type Random, SecretsError, uuid } from '@keyplane/core'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { answerHeaders } from './http/answer-headers.ts'
import { answerError } from './http/error-answer.ts'
import { type ConfigurationParts, configurationRoutes } from './routes/configuration.ts'
import { healthRoutes } from './routes/health.ts'

export interface ServiceAppParts extends ConfigurationParts {
  readonly random: Random
  /** PEM texts. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

/** No request has a body, and none needs more than a key and a path. */
const limits = {
  bodyLimit: 1_024,
  requestTimeout: 10_000,
  http: { maxHeaderSize: 16_384 },
  routerOptions: { maxParamLength: 512 },
}

/** The life of a request to the service: its id and headers, then the route, which asks who it is first. */
export const serviceApp = ({ random, tls, ...parts }: ServiceAppParts): FastifyInstance => {
  const options: FastifyServerOptions = {
    ...limits,
    ...(tls && { https: { ...tls, maxHeaderSize: limits.http.maxHeaderSize } }),
    genReqId: () => uuid(random),
    exposeHeadRoutes: false,
    // A path that can't be decoded is met before any hook.
    frameworkErrors: (error, _request, reply) => void answerError(reply as never, error),
  }
  const app = fastify(options)
  app.addHook('onRequest', async ({ id }, reply) => void reply.headers(answerHeaders(id, tls !== undefined)))
  app.setErrorHandler((thrown, _request, reply) => answerError(reply, thrown))
  app.setNotFoundHandler((_request, reply) =>
    answerError(reply, new SecretsError('unsupported', 'There is no such call.')),
  )
  healthRoutes(app)
  configurationRoutes(app, parts)
  return app
}
