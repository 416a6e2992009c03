import type { FastifyInstance } from 'fastify'

/** For probes, without a key: that it runs, and that it takes requests. Neither asks a source, whose failures are answers. */
export const healthRoutes = (app: FastifyInstance): void => {
  for (const [path, status] of [
    ['/healthz', 'ok'],
    ['/readyz', 'ready'],
  ] as const)
    app.get(path, async () => ({ status }))
}
