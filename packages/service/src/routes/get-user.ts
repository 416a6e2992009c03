import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import { ofUser, type UserRoutesParts, userSchema } from './user-schema.ts'

const schema = {
  ...guarded,
  operationId: 'getUser',
  tags: ['users'],
  summary: 'A user',
  params: ofUser,
  response: { 200: userSchema, ...guardedProblems(404) },
}

/** One user. */
export const getUserRoute = (app: ServiceRoutes, { authenticate, mayManage, users }: UserRoutesParts): void => {
  const onRequest = [authenticate, mayManage('users:read')]
  app.get('/v1/users/:name', { schema, onRequest }, async ({ params }) => users.get(params.name))
}
