import { SecretsError } from '@keyplane/core'
import type { FastifyInstance } from 'fastify'

const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const

/** What there is, by another method: answered by 405 with those that are taken. */
export const otherMethods = (app: FastifyInstance): { readonly add: () => void } => {
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = taken.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    taken.set(url, methods)
  })
  return {
    /** To be called when every route is there. */
    add: () => {
      for (const [url, methods] of taken) {
        const allow = [...methods].toSorted().join(', ')
        app.route({
          url,
          method: known.filter((method) => !methods.has(method)),
          schema: { hide: true },
          onRequest: async (_request, reply) => {
            reply.header('allow', allow)
            throw new SecretsError('unsupported', `This is answered to ${allow} only.`, { reason: 'method' })
          },
          handler: () => undefined,
        })
      }
    },
  }
}
