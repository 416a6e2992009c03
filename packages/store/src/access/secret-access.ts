import { parseSecretArn, secretArn } from '@keyplane/aws'
import type { Question } from './judge.ts'
import type { Conditions } from './caller-conditions.ts'
import type { Caller } from '../caller.ts'
import { isGone } from '../secretsmanager/recovery-window.ts'
import { secretTarget } from '../secretsmanager/secret-target.ts'
import type { SecretRow } from '../storage/tables.ts'
import type { SecretsTable } from '../storage/secrets-table.ts'
import type { SecretFactsCache } from './secret-facts-cache.ts'

/** What a caller wants to do with a secret, or with none. */
export interface SecretRequest {
  readonly caller: Caller
  readonly nowMs: number
  /** `secretsmanager:GetSecretValue`. */
  readonly action: string
  /** The secret as the caller named it; absent for actions that concern none. */
  readonly secretId?: string
  /** What conditions can see of the call's input. */
  readonly conditions?: Conditions
}

/** The question behind a request, with the secret that it found on the way. */
export interface SecretQuestion {
  readonly question: Question
  readonly found?: SecretRow
}

export interface SecretAccessParts {
  readonly secrets: SecretsTable
  readonly facts: SecretFactsCache
}

/** Who may do what with secrets. It is asked before anything is said about whether the secret is there. */
export class SecretAccess {
  readonly #parts: SecretAccessParts

  constructor(parts: SecretAccessParts) {
    this.#parts = parts
  }

  /** What has to be judged, by `judge`. @throws AwsError ValidationException for what is no name and no ARN. */
  async question({ caller, nowMs, action, secretId, conditions }: SecretRequest): Promise<SecretQuestion> {
    const asked = { caller, nowMs, action }
    if (secretId === undefined)
      return {
        question: { ...asked, resource: '*', resourceAccount: caller.account, ...(conditions && { conditions }) },
      }
    const target = secretTarget(secretId, caller)
    const isNew = action === 'secretsmanager:CreateSecret'
    const row = isNew || target.region !== caller.region ? undefined : await this.#parts.secrets.find(target)
    const found = row && !isGone(row, nowMs) ? row : undefined
    const { policy, tags = [] } = found ? await this.#parts.facts.of(found) : {}
    return {
      ...(found && { found }),
      question: {
        ...asked,
        resource: found?.arn ?? arnToBe(secretId, target),
        resourceAccount: target.account,
        asSent: secretId,
        ...(policy && { guard: { kind: 'resource', policy } as const }),
        conditions: {
          'secretsmanager:SecretId': secretId,
          ...tagConditions(tags),
          ...secretConditions(found),
          ...conditions,
        },
      },
    }
  }
}

/**
 * The ARN of a secret that is not there. It is judged as if it were, with six characters of some kind at its end, so that
 * a policy for `name-??????` holds before the secret is made.
 */
const arnToBe = (secretId: string, { account, region, name }: ReturnType<typeof secretTarget>): string =>
  parseSecretArn(secretId)?.suffix === undefined ? secretArn({ account, region, name, suffix: 'AbCdEf' }) : secretId

const tagConditions = (tags: readonly (readonly [string, string])[]): Conditions =>
  Object.fromEntries(
    tags.flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`secretsmanager:ResourceTag/${key}`, value],
    ]),
  )

const secretConditions = (found: SecretRow | undefined): Conditions =>
  found
    ? {
        'secretsmanager:SecretPrimaryRegion': found.primary_region ?? found.region,
        ...(found.type !== '' && { 'secretsmanager:resource/Type': found.type }),
      }
    : {}
