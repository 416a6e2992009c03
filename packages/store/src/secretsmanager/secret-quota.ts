import type { Clock } from '@keyplane/core'
import { awsError } from '../aws-errors.ts'
import type { SecretsTable } from '../storage/secrets-table.ts'

/** AWS: of an account in a region. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const maxSecrets = 500_000
/** Counting half a million rows takes milliseconds, so a count serves for a while. */
const countEveryMs = 60_000

interface Counted {
  readonly atMs: number
  secrets: number
}

export interface SecretQuotaParts {
  readonly secrets: Pick<SecretsTable, 'countIn'>
  readonly clock: Clock
  /** Default: 500,000. */
  readonly max?: number
}

/**
 * Holds each account's secrets in a region to a number. What other processes make is seen within a minute, so they may
 * go over it by what they make in one.
 */
export class SecretQuota {
  readonly #parts: SecretQuotaParts
  readonly #max: number
  readonly #counted = new Map<string, Counted>()

  constructor(parts: SecretQuotaParts) {
    this.#parts = parts
    this.#max = parts.max ?? maxSecrets
  }

  /** Makes room for one more. @throws AwsError LimitExceededException */
  async require(account: string, region: string): Promise<void> {
    const { clock, secrets } = this.#parts
    const place = `${account}/${region}`
    const nowMs = clock.monotonicMs()
    let known = this.#counted.get(place)
    // Deleted ones make room: before anybody is refused, they are counted anew.
    if (!known || nowMs - known.atMs > countEveryMs || known.secrets >= this.#max) {
      known = { atMs: nowMs, secrets: await secrets.countIn(account, region) }
      this.#counted.set(place, known)
    }
    if (known.secrets >= this.#max)
      throw awsError(
        'LimitExceededException',
        `You've reached the quota of ${this.#max} secrets for this account in this region.`,
      )
    known.secrets += 1
  }
}
