import * as z from 'zod'
import { described } from '../http/described.ts'

/** A session as who logged in is told of it. */
export const sessionSchema: z.ZodType = z
  .object({
    token: z.string().describe('For `Authorization: Bearer …`; shown this once.'),
    expiresAt: z.iso.datetime(),
    user: z.string(),
    roles: z.array(z.string()),
  })
  .register(described, { id: 'Session' })
