import * as z from 'zod'
import type { Authenticate } from '../access/authenticate.ts'
import { isAllowed } from '../access/decide.ts'
import { type CallerDirectory, identify } from '../access/identify.ts'
import type { Configurations } from '../configurations.ts'
import type { EventStreams } from '../events/event-streams.ts'
import { asked } from '../http/asked.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'

export interface EventsParts {
  readonly authenticate: Authenticate
  readonly clients: CallerDirectory
  readonly configurations: Configurations
  readonly events: EventStreams
}

const stream: z.ZodType = z.string().describe('Server-sent events: `changed`, `deleted`, `withdrawn` and `resync`.')

const schema = {
  ...guarded,
  operationId: 'watchChanges',
  tags: ['configuration'],
  summary: 'The changes of an environment’s secrets as they happen: names and versions, no values',
  querystring: z.object({ environment: z.string() }),
  headers: z.looseObject({ 'last-event-id': z.string().optional().describe('Go on after this event.') }),
  response: {
    200: { description: 'A stream that does not end.', content: { 'text/event-stream': { schema: stream } } },
    ...guardedProblems(),
  },
}

/** The stream of an environment's changes, as far as the caller may see its tools. */
export const eventsRoute = (
  app: ServiceRoutes,
  { authenticate, clients, configurations, events }: EventsParts,
): void => {
  app.get('/v1/events', { schema, onRequest: authenticate }, async (request, reply) => {
    const { environment } = request.query
    await configurations.visibleTools(asked(request, reply, environment))
    const { name: client } = request.client
    events.assertRoom(client)
    const visible = async (): Promise<((tool: string) => boolean) | undefined> => {
      const roles = (await identify(clients, request))?.roles
      return roles && ((tool) => isAllowed({ action: 'configuration:read', environment, tool }, roles))
    }
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    })
    const lastEventId = request.headers['last-event-id']
    events.open(raw, { client, environment, lastEventId, visible })
  })
}
