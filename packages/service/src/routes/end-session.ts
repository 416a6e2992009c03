import * as z from 'zod'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { type OwnSessionParts, ownSession } from './own-session.ts'

const schema = {
  ...guarded,
  operationId: 'endSession',
  tags: ['sessions'],
  summary: 'Log out: the token is good for nothing from here on',
  response: { 204: z.undefined().describe('Logged out.'), ...guardedProblems() },
}

/** A logout. */
export const endSessionRoute = (app: ServiceRoutes, { authenticate, sessions }: OwnSessionParts): void => {
  app.delete('/v1/sessions/current', { schema, onRequest: authenticate }, async ({ client, id }, reply) => {
    await sessions.end(ownSession(client), id)
    return reply.code(204).send()
  })
}
