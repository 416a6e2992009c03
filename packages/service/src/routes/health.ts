import * as z from 'zod'
import { problems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'

const probes = [
  { path: '/healthz', operationId: 'isAlive', status: 'ok', summary: 'That it runs' },
  { path: '/readyz', operationId: 'isReady', status: 'ready', summary: 'That it takes requests' },
] as const

/** For probes, without a key. Neither asks a source, whose failures are answers. */
export const healthRoutes = (app: ServiceRoutes): void => {
  for (const { path, status, ...words } of probes) {
    const response = { 200: z.object({ status: z.literal(status) }), ...problems() }
    // Some probes ask for the head alone.
    app.get(path, { exposeHeadRoute: true, schema: { ...words, tags: ['probes'], response } }, async () => ({ status }))
  }
}
