import type { Random } from '@keyplane/core'

/**
 * How long to wait before attempt `attempt` (2 is the first repetition): "full jitter", a random part of a bound that
 * doubles.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoffMs = (
  attempt: number,
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
  random: Random,
): number => random.unit() * Math.min(maxMs, baseMs * 2 ** (attempt - 2))
