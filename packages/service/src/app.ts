import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { authenticate } from './access/authenticate.ts'
import type { CallerDirectory } from './access/identify.ts'
import type { StrangerRecords } from './audit/stranger-records.ts'
import type { ServiceConfig } from './config/service-config.ts'
import type { Configurations } from './configurations.ts'
import type { EventStreams } from './events/event-streams.ts'
import { describeRoutes } from './http/description.ts'
import { type HttpAppParts, httpApp } from './http/http-app.ts'
import { otherMethods } from './http/other-methods.ts'
import type { ServiceMetrics } from './metrics/service-metrics.ts'
import { accountRoutes } from './routes/account-routes.ts'
import { environmentConfigurationRoute } from './routes/environment-configuration.ts'
import { environmentHealthRoute } from './routes/environment-health.ts'
import { eventsRoute } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoute } from './routes/metrics.ts'
import { toolConfigurationRoute } from './routes/tool-configuration.ts'
import { whoamiRoute } from './routes/whoami.ts'
import type { Accounts } from './state/accounts.ts'
import type { HealthParts } from './watch/health-report.ts'

export interface ServiceAppParts extends HttpAppParts {
  readonly config: Pick<ServiceConfig, 'environments'>
  /** Default: nobody logs in. */
  readonly accounts?: Accounts | undefined
  readonly clients: CallerDirectory
  readonly configurations: Configurations
  readonly events: EventStreams
  readonly health: HealthParts
  readonly metrics: ServiceMetrics
  readonly strangers: StrangerRecords
}

/**
 * What the service can be asked. A route's hooks ask who it is before its schema is looked at; its failures are thrown.
 */
export const serviceApp = async (parts: ServiceAppParts): Promise<FastifyInstance> => {
  const { clients, configurations, events, health, metrics } = parts
  const app = httpApp(parts)
  metrics.follow(app)
  const refusals = otherMethods(app)
  await describeRoutes(app)
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const guards = { authenticate: authenticate(parts) }
  healthRoutes(routes)
  toolConfigurationRoute(routes, { ...guards, configurations })
  environmentConfigurationRoute(routes, { ...guards, configurations })
  metricsRoute(routes, { ...guards, ...health, metrics })
  eventsRoute(routes, { ...guards, clients, configurations, events })
  whoamiRoute(routes, { ...guards, config: parts.config })
  if (parts.accounts) accountRoutes(routes, { ...guards, ...parts.accounts })
  app.addHook('preClose', async () => events.close())
  environmentHealthRoute(routes, { ...guards, ...health })
  refusals.add()
  return app
}
