import * as z from 'zod'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import type { Users } from '../users/users.ts'
import { type OwnSessionParts, ownSession } from './own-session.ts'

const schema = {
  ...guarded,
  operationId: 'putOwnPassword',
  tags: ['sessions'],
  summary: 'Another password for who logged in; it ends his sessions',
  body: z.strictObject({ password: z.string().min(1).max(256), newPassword: z.string().min(12).max(256) }),
  response: { 204: z.undefined().describe('Changed.'), ...guardedProblems(409) },
}

/** A password that its owner changes. */
export const ownPasswordRoute = (
  app: ServiceRoutes,
  { authenticate, sessions, users }: OwnSessionParts & { readonly users: Users },
): void => {
  app.put('/v1/whoami/password', { schema, onRequest: authenticate, bodyLimit: 4_096 }, async (request, reply) => {
    const { client, id: requestId, ip: address, body } = request
    const { name: actor } = ownSession(client)
    const name = actor.slice('user:'.length)
    await sessions.confirm({ user: name, password: body.password, address, requestId })
    await users.put({ actor, requestId, name }, { password: body.newPassword })
    return reply.code(204).send()
  })
}
