import * as z from 'zod'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import type { WriteAnswer } from '../state/idempotency.ts'
import type { UserWrite } from '../users/users.ts'
import { answerWrite, idempotent, ofUser, type UserRoutesParts, userWrite } from './user-schema.ts'

const schema = {
  ...guarded,
  tags: ['users'],
  params: ofUser,
  headers: idempotent,
  response: { 204: z.undefined().describe('Done.'), ...guardedProblems(404, 409) },
}

/** What is taken from a user: himself, or his sessions. */
export const removeUserRoutes = (app: ServiceRoutes, { authenticate, mayManage, users }: UserRoutesParts): void => {
  const onRequest = [authenticate, mayManage('users:write')]
  const route = (path: string, words: object, act: (write: UserWrite) => Promise<WriteAnswer>): void => {
    app.delete(path, { schema: { ...schema, ...words }, onRequest }, async (request, reply) =>
      answerWrite(reply, await act(userWrite(request, request.params.name))),
    )
  }
  route('/v1/users/:name', { operationId: 'removeUser', summary: 'Remove a user, and his sessions' }, (write) =>
    users.remove(write),
  )
  route(
    '/v1/users/:name/sessions',
    { operationId: 'endUserSessions', summary: 'End all sessions of a user' },
    (write) => users.endSessions(write),
  )
}
