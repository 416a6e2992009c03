import { durationMs } from '@keyplane/core'
import * as z from 'zod'
import type { Rate } from '../limits/token-buckets.ts'
import type { LimitsConfig } from './service-config.ts'
import type { WrittenLimits } from './written.ts'

/** `100/s`, `60/min`, or `none`. */
export const rate: z.ZodType<Rate | 'none'> = z.unknown().transform((written, context) => {
  if (written === 'none') return 'none'
  const [, count, unit = ''] = (typeof written === 'string' && /^([1-9]\d{0,6})\/(s|min|h)$/.exec(written)) || []
  if (count !== undefined) return { count: Number(count), perMs: durationMs(`1${unit === 'min' ? 'm' : unit}`) }
  context.addIssue({ code: 'custom', message: 'must be none or a rate from 1 to 9999999, such as 100/s or 60/min' })
  return z.NEVER
})

const defaults: Required<WrittenLimits> = {
  perClient: { count: 1_000, perMs: 1_000 },
  unauthenticated: { count: 120, perMs: 60_000 },
}

export const limitsOf = (written: WrittenLimits = {}): LimitsConfig => {
  const limit = (name: keyof WrittenLimits): Rate | undefined => {
    const meant = written[name] ?? defaults[name]
    return meant === 'none' ? undefined : meant
  }
  return Object.freeze({ perClient: limit('perClient'), unauthenticated: limit('unauthenticated') })
}
