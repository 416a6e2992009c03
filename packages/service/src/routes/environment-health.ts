import * as z from 'zod'
import type { Authenticate } from '../access/authenticate.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { type HealthParts, healthReport } from '../watch/health-report.ts'

const secrets = (what: string): z.ZodType<string[]> => z.array(z.string()).describe(what)

const health = z.object({
  environment: z.string(),
  state: z.enum(['normal', 'degraded', 'critical']),
  since: z.iso.datetime(),
  sources: z.array(
    z.object({
      name: z.string(),
      role: z.enum(['own', 'fallback']),
      state: z.string().describe('`answers`, `active`, `standby`; else why it would not answer.'),
      healthy: z.boolean(),
    }),
  ),
  missing: secrets('Secrets, as `tool.secret`, that no source has.'),
  refused: secrets('That a source refused the service.'),
  failed: secrets('That could not be had, and nothing covered that.'),
  stale: secrets('That are given older than they should be.'),
  fallback: secrets('That come from a fallback.'),
})

const schema = {
  ...guarded,
  operationId: 'getEnvironmentHealth',
  tags: ['health'],
  summary: 'How an environment and its sources stand',
  params: z.object({ environment: z.string() }),
  response: { 200: health, ...guardedProblems() },
}

/** How an environment stands, by what is known already: no source is asked. */
export const environmentHealthRoute = (
  app: ServiceRoutes,
  { authenticate, ...parts }: HealthParts & { readonly authenticate: Authenticate },
): void => {
  app.get('/v1/environments/:environment/health', { schema, onRequest: authenticate }, (request) =>
    healthReport({ client: request.client, environment: request.params.environment, requestId: request.id }, parts),
  )
}
