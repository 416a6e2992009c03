import { httpStatus, titleOfStatus } from '@keyplane/protocol'
import * as z from 'zod'
import { described } from './described.ts'

const problem: z.ZodType = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(httpStatus)).describe('What to tell failures apart by.'),
    requestId: z.string(),
  })
  .describe('Why there is no answer (RFC 9457).')
  .register(described, { id: 'Problem' })

interface ProblemAnswer {
  readonly description: string
  readonly content: { readonly 'application/problem+json': { readonly schema: z.ZodType } }
}

/** The failures that a route answers, for its description; those that any route can answer are among them always. */
export const problems = (...statuses: readonly number[]): Record<number, ProblemAnswer> =>
  Object.fromEntries(
    [...new Set([400, ...statuses, 429, 500])].map((status) => [
      status,
      { description: titleOfStatus(status), content: { 'application/problem+json': { schema: problem } } },
    ]),
  )

/** What a route that asks who is calling can answer besides. */
export const guardedProblems = (...statuses: readonly number[]): Record<number, ProblemAnswer> =>
  problems(401, 403, ...statuses, 503)
