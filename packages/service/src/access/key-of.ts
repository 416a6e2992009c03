import type { FastifyRequest } from 'fastify'

/** The key that a request shows by `Authorization: Bearer`. */
export const keyOf = ({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
