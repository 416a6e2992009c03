import * as z from 'zod'
import { givenName } from '../config/texts.ts'
import { problems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { sessionSchema } from './session-schema.ts'

const schema = {
  operationId: 'beginSession',
  tags: ['sessions'],
  summary: 'Log in with a name and a password',
  body: z.strictObject({ user: givenName, password: z.string().min(1).max(256) }),
  response: { 201: sessionSchema, ...problems(401, 503) },
}

/** A login. */
export const beginSessionRoute = (app: ServiceRoutes, { sessions }: { readonly sessions: Sessions }): void => {
  app.post('/v1/sessions', { schema, bodyLimit: 4_096 }, async ({ body, ip: address, id: requestId }, reply) => {
    const { expiresAtMs, ...session } = await sessions.login({ ...body, address, requestId })
    return reply.code(201).send({ ...session, expiresAt: new Date(expiresAtMs).toISOString() })
  })
}
