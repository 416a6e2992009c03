import * as z from 'zod'
import { givenName } from '../config/texts.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { answerWrite, idempotent, ofUser, type UserRoutesParts, userSchema, userWrite } from './user-schema.ts'

const change = z.strictObject({
  password: z.string().min(12).max(256).optional().describe('Ends his sessions.'),
  roles: z.array(givenName).max(100).optional().describe('Roles of the configuration; they hold at once.'),
  enabled: z.boolean().optional().describe('`false` ends his sessions.'),
})

const schema = {
  ...guarded,
  operationId: 'putUser',
  tags: ['users'],
  summary: 'Make a user, or change what is named of him',
  params: ofUser,
  headers: idempotent,
  body: change,
  response: { 200: userSchema, 201: userSchema, ...guardedProblems(409) },
}

/** A user that is made or changed. */
export const putUserRoute = (app: ServiceRoutes, { authenticate, mayManage, users }: UserRoutesParts): void => {
  const onRequest = [authenticate, mayManage('users:write')]
  app.put('/v1/users/:name', { schema, onRequest, bodyLimit: 16_384 }, async (request, reply) =>
    answerWrite(reply, await users.put(userWrite(request, request.params.name), request.body)),
  )
}
