import { encodeToolConfiguration } from '@keyplane/protocol'
import * as z from 'zod'
import { asked, noCache } from '../http/asked.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import type { ConfigurationParts } from './tool-configuration.ts'
import { toolConfigurationSchema } from './tool-configuration-schema.ts'

const configurations: z.ZodType = z
  .object({ environment: z.string(), tools: z.array(toolConfigurationSchema) })
  .describe('The configurations of these tools.')

const schema = {
  ...guarded,
  operationId: 'getEnvironmentConfiguration',
  tags: ['configuration'],
  summary: 'What all tools need that the caller may see in an environment',
  params: z.object({ environment: z.string() }),
  headers: noCache,
  response: {
    200: configurations,
    ...guardedProblems(),
  },
}

/** The configurations of all tools that a caller may see in an environment. */
export const environmentConfigurationRoute = (
  app: ServiceRoutes,
  { authenticate, configurations }: ConfigurationParts,
): void => {
  app.get(
    '/v1/environments/:environment/configuration',
    { schema, onRequest: authenticate },
    async (request, reply) => {
      const { environment } = request.params
      const tools = await configurations.ofEnvironment(asked(request, reply, environment))
      const body = `{"environment":${JSON.stringify(environment)},"tools":[${tools.map(encodeToolConfiguration).join()}]}`
      return reply.type('application/json').send(body)
    },
  )
}
