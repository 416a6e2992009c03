import * as z from 'zod'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { type OwnSessionParts, ownSession } from './own-session.ts'

const schema = {
  ...guarded,
  operationId: 'renewSession',
  tags: ['sessions'],
  summary: 'Let the own session last longer; its token stays',
  response: { 200: z.object({ expiresAt: z.iso.datetime() }), ...guardedProblems() },
}

/** A session that lasts on. */
export const renewSessionRoute = (app: ServiceRoutes, { authenticate, sessions }: OwnSessionParts): void => {
  app.post('/v1/sessions/renew', { schema, onRequest: authenticate }, async ({ client, id }) => {
    const untilMs = await sessions.renew(ownSession(client), id)
    return { expiresAt: new Date(untilMs).toISOString() }
  })
}
