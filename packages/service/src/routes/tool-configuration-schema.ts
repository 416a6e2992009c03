import { httpStatus } from '@keyplane/protocol'
import * as z from 'zod'
import { described } from '../http/described.ts'

const secret = z.object({
  value: z.string(),
  encoding: z.literal('base64').optional().describe('The value is bytes.'),
  versionId: z.string().optional(),
  source: z.string().optional().describe('Which source gave it.'),
  ageMs: z.int().min(0).describe('How long ago its source last vouched for it.'),
  stale: z.boolean().describe('Older than it should be, as its source does not answer.'),
  expiresAt: z.iso.datetime().optional().describe('When its source takes it back.'),
})

/** What `encodeToolConfiguration` makes. */
export const toolConfigurationSchema: z.ZodType = z
  .object({
    tool: z.string(),
    environment: z.string(),
    status: z
      .enum(['ok', 'degraded', 'incomplete'])
      .describe('`degraded`: something is old or from a fallback; `incomplete`: something is missing or failed.'),
    settings: z.record(z.string(), z.unknown()).describe('What is not secret, as it is configured.'),
    secrets: z.record(z.string(), secret),
    missing: z.array(z.string()).describe('Secrets that their source does not have.'),
    errors: z
      .array(z.object({ secret: z.string(), code: z.enum(Object.keys(httpStatus)) }))
      .describe('Secrets that their source refused or failed to give.'),
  })
  .register(described, { id: 'ToolConfiguration' })
