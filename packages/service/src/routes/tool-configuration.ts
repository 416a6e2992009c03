import { encodeToolConfiguration } from '@keyplane/protocol'
import * as z from 'zod'
import type { Authenticate } from '../access/authenticate.ts'
import type { Configurations } from '../configurations.ts'
import { asked, noCache } from '../http/asked.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { toolConfigurationSchema } from './tool-configuration-schema.ts'

export interface ConfigurationParts {
  readonly authenticate: Authenticate
  readonly configurations: Configurations
}

const schema = {
  ...guarded,
  operationId: 'getToolConfiguration',
  tags: ['configuration'],
  summary: 'What a tool needs in an environment',
  params: z.object({ environment: z.string(), tool: z.string() }),
  headers: noCache,
  response: {
    200: toolConfigurationSchema,
    ...guardedProblems(404),
  },
}

/** The configuration of one tool. */
export const toolConfigurationRoute = (
  app: ServiceRoutes,
  { authenticate, configurations }: ConfigurationParts,
): void => {
  app.get(
    '/v1/environments/:environment/tools/:tool/configuration',
    { schema, onRequest: authenticate },
    async (request, reply) => {
      const { environment, tool } = request.params
      const configuration = await configurations.ofTool(asked(request, reply, environment), tool)
      // A text is sent as it is: the encoder knows a value's forms, and the schema's serializer would take ten times as long.
      return reply.type('application/json').send(encodeToolConfiguration(configuration))
    },
  )
}
