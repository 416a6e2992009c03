import * as z from 'zod'
import { actions } from '../access/actions.ts'
import type { Authenticate } from '../access/authenticate.ts'
import { accessOf } from '../access/access-of.ts'
import type { ServiceConfig } from '../config/service-config.ts'
import { described } from '../http/described.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'

const access = z.object({ environment: z.string(), tools: z.array(z.string()) })

const schema = {
  ...guarded,
  operationId: 'whoami',
  tags: ['sessions'],
  summary: 'Who asks, and what he may do',
  response: {
    200: z
      .object({
        name: z.string(),
        kind: z.enum(['key', 'certificate', 'session']),
        roles: z.array(z.string()),
        expiresAt: z.iso.datetime().optional().describe('When the session ends.'),
        actions: z.array(z.enum(actions)).describe('What he may do to the service as a whole.'),
        access: z.array(access).describe('The tools whose configuration he may read, by environment.'),
      })
      .register(described, { id: 'Whoami' }),
    ...guardedProblems(),
  },
}

/** Who asks. */
export const whoamiRoute = (
  app: ServiceRoutes,
  {
    authenticate,
    config,
  }: { readonly authenticate: Authenticate; readonly config: Pick<ServiceConfig, 'environments'> },
): void => {
  app.get(
    '/v1/whoami',
    { schema, onRequest: authenticate },
    async ({ client: { kind, name, roles, roleNames, session } }) => ({
      kind,
      name: session ? name.slice('user:'.length) : name,
      roles: [...roleNames],
      ...(session && { expiresAt: new Date(session.expiresAtMs).toISOString() }),
      ...accessOf(roles, config.environments),
    }),
  )
}
