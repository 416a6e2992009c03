import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { Authenticate } from '../access/authenticate.ts'
import { givenName } from '../config/texts.ts'
import { described } from '../http/described.ts'
import type { WriteAnswer } from '../state/idempotency.ts'
import type { MayManage } from '../users/may-manage.ts'
import type { Users, UserWrite } from '../users/users.ts'

export interface UserRoutesParts {
  readonly authenticate: Authenticate
  readonly mayManage: MayManage
  readonly users: Users
}

/** A user as he is shown. */
export const userSchema: z.ZodType = z
  .object({
    name: z.string(),
    roles: z.array(z.string()),
    enabled: z.boolean(),
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
  })
  .register(described, { id: 'User' })

export const ofUser: z.ZodType<{ name: string }> = z.object({ name: givenName })

/** The headers of a write. */
export const idempotent: z.ZodType<{ readonly 'idempotency-key'?: string | undefined }> = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable characters')
    .optional()
    .describe('The same request with the same key is done once, and answered alike for a day.'),
})

/** What a request writes, by whom. */
export const userWrite = ({ client, id: requestId, headers }: FastifyRequest, name: string): UserWrite => {
  const key = headers['idempotency-key']
  return { actor: client.name, requestId, name, ...(typeof key === 'string' && { idempotencyKey: key }) }
}

export const answerWrite = (reply: FastifyReply, { status, body }: WriteAnswer): FastifyReply =>
  reply.code(status).send(body)
