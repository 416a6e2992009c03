import * as z from 'zod'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { type UserRoutesParts, userSchema } from './user-schema.ts'

const schema = {
  ...guarded,
  operationId: 'listUsers',
  tags: ['users'],
  summary: 'All users, by their names',
  response: { 200: z.object({ users: z.array(userSchema) }), ...guardedProblems() },
}

/** All users. */
export const listUsersRoute = (app: ServiceRoutes, { authenticate, mayManage, users }: UserRoutesParts): void => {
  app.get('/v1/users', { schema, onRequest: [authenticate, mayManage('users:read')] }, async () => ({
    users: [...(await users.list())],
  }))
}
