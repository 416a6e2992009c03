import { type Random, SecretsError, toSecretsError } from '@keyplane/core'
import fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { authenticate } from './access/authenticate.ts'
import type { StrangerRecords } from './audit/stranger-records.ts'
import type { ServiceConfig } from './config/service-config.ts'
import type { CallerDirectory } from './access/identify.ts'
import type { Configurations } from './configurations.ts'
import { answerHeaders } from './http/answer-headers.ts'
import { describeRoutes } from './http/description.ts'
import { answerError } from './http/error-answer.ts'
import { otherMethods } from './http/other-methods.ts'
import { inRequest } from './http/request-context.ts'
import { requestIdOf } from './http/request-id.ts'
import type { EventStreams } from './events/event-streams.ts'
import type { ServiceMetrics } from './metrics/service-metrics.ts'
import type { RequestLimits } from './limits/request-limits.ts'
import { accountRoutes } from './routes/account-routes.ts'
import { environmentConfigurationRoute } from './routes/environment-configuration.ts'
import { eventsRoute } from './routes/events.ts'
import { environmentHealthRoute } from './routes/environment-health.ts'
import type { TlsOptions } from './listen/tls-files.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoute } from './routes/metrics.ts'
import { toolConfigurationRoute } from './routes/tool-configuration.ts'
import type { HealthParts } from './watch/health-report.ts'
import { whoamiRoute } from './routes/whoami.ts'
import type { Accounts } from './state/accounts.ts'

export interface ServiceAppParts {
  readonly config: Pick<ServiceConfig, 'environments'>
  /** Default: nobody logs in. */
  readonly accounts?: Accounts | undefined
  readonly clients: CallerDirectory
  readonly configurations: Configurations
  readonly events: EventStreams
  readonly health: HealthParts
  readonly limits: RequestLimits
  readonly metrics: ServiceMetrics
  readonly strangers: StrangerRecords
  readonly random: Random
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
 * The life of a request to the service: its id and headers, then the route, whose hooks ask who it is before its schema is
 * looked at. What is thrown is answered in one place.
 */
export const serviceApp = async (parts: ServiceAppParts): Promise<FastifyInstance> => {
  const { clients, configurations, events, health, limits, metrics, random, tls } = parts
  const options: FastifyServerOptions = {
    ...sizes,
    ...(tls && { https: { ...tls, maxHeaderSize: sizes.http.maxHeaderSize } }),
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id'], random),
    exposeHeadRoutes: false,
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
    return answerError(reply, thrown)
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
  metrics.follow(app)
  const refusals = otherMethods(app)
  await describeRoutes(app)
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const guards = { authenticate: authenticate(parts) }
  healthRoutes(routes)
  toolConfigurationRoute(routes, { ...guards, configurations })
  environmentConfigurationRoute(routes, { ...guards, configurations })
  metricsRoute(routes, { ...guards, metrics })
  eventsRoute(routes, { ...guards, clients, configurations, events })
  whoamiRoute(routes, { ...guards, config: parts.config })
  if (parts.accounts) accountRoutes(routes, { ...guards, ...parts.accounts })
  app.addHook('preClose', async () => events.close())
  environmentHealthRoute(routes, { ...guards, ...health })
  refusals.add()
  return app
}

const noRoute = (): SecretsError => new SecretsError('unsupported', 'There is no such call.', { reason: 'no_route' })

/** Routes with `security` are counted by their guard; probes cost nothing, and have to be answered in a flood too. */
const isForAnybody = ({ routeOptions: { schema } }: FastifyRequest): boolean =>
  schema?.security === undefined && !schema?.tags?.includes('probes')
