import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { Asked } from '../configurations.ts'
import { abandoned } from './abandoned.ts'

/** The headers of a read. */
export const noCache: z.ZodType<{ readonly 'cache-control'?: string | undefined }> = z.looseObject({
  'cache-control': z.string().optional().describe('`no-cache` asks the sources, whatever is cached.'),
})

/** What a request asks for, after `authenticate`. */
export const asked = (
  { client, headers, id: requestId }: FastifyRequest,
  reply: FastifyReply,
  environment: string,
): Asked => {
  const fresh = /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(headers['cache-control'] ?? '')
  return { client, environment, requestId, fresh, signal: () => abandoned(reply) }
}
