import { encodeToolConfiguration } from '@keyplane/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authenticate } from '../access/authenticate.ts'
import type { Clients } from '../access/clients.ts'
import type { Asked, Configurations } from '../configurations.ts'

export interface ConfigurationParts {
  readonly clients: Clients
  readonly configurations: Configurations
}

type OfEnvironment = { readonly environment: string }
type OfTool = OfEnvironment & { readonly tool: string }

/** The configuration of one tool, and of all that a caller may see in an environment. */
export const configurationRoutes = (app: FastifyInstance, { clients, configurations }: ConfigurationParts): void => {
  const askedBy = ({ headers, id: requestId }: FastifyRequest, environment: string): Asked => {
    const client = authenticate(clients, headers.authorization)
    const fresh = /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(headers['cache-control'] ?? '')
    return { client, environment, requestId, fresh }
  }

  app.get<{ Params: OfTool }>('/v1/environments/:environment/tools/:tool/configuration', async (request, reply) => {
    const { environment, tool } = request.params
    const configuration = await configurations.ofTool(askedBy(request, environment), tool)
    return reply.type('application/json').send(encodeToolConfiguration(configuration))
  })

  app.get<{ Params: OfEnvironment }>('/v1/environments/:environment/configuration', async (request, reply) => {
    const { environment } = request.params
    const tools = await configurations.ofEnvironment(askedBy(request, environment))
    const body = `{"environment":${JSON.stringify(environment)},"tools":[${tools.map(encodeToolConfiguration).join()}]}`
    return reply.type('application/json').send(body)
  })
}
