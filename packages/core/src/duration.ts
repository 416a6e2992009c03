import { SecretsError } from './errors.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A duration as people write it: seconds as a number, or a text with its unit (`500ms`, `30s`, `5m`, `1h`, `7d`). */
export type Duration = number | string

/**
 * A duration in milliseconds. A bare number, in text too, is seconds.
 * @throws SecretsError `config_invalid` for anything else, negative and infinite durations included.
 */
export const durationMs = (duration: Duration, name = 'duration'): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(String(duration).trim())
  if (!match)
    throw new SecretsError(
      'config_invalid',
      `${name}: ${JSON.stringify(duration)} is not a duration; give seconds (300) or a text such as "5m" or "1h".`,
    )
  return Number(match[1]) * unitMs[(match[2] ?? 's') as keyof typeof unitMs]
}
