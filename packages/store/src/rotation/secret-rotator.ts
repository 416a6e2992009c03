import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Rotator } from '@keyplane/rotation'
import type { SecretRotationsTable } from '../storage/secret-rotations-table.ts'
import { builtInRotator } from './built-in-rotators.ts'

export interface SecretRotatorParts {
  readonly rotations: SecretRotationsTable
  readonly random: Random
  /** For functions of Lambda. */
  readonly byFunction: Rotator
  /** The current value of another secret of the same account and region. */
  readonly valueOf: (secretId: string, arn: string) => Promise<SecretValue>
}

/** The name by which the journal knows it. */
export const secretRotatorName = 'store'

/** Rotates each secret by what RotateSecret was told: a function, or one of the store's own rotators. */
export const secretRotator = ({ rotations, random, byFunction, valueOf }: SecretRotatorParts): Rotator => {
  const rotatorOf = async (secretId: string, current: SecretValue): Promise<Rotator> => {
    const row = await rotations.of(secretId)
    if (!row) throw new SecretsError('source_misconfigured', 'The secret is not to be rotated.')
    const make = builtInRotator(row.function_arn)
    if (!make) return byFunction
    const { master_arn: arn } = row
    // Whoever may write the value must not choose by whose login it is made true.
    if ((masterArnOf(current) ?? null) !== arn)
      throw new SecretsError(
        'source_misconfigured',
        'The secret names another "masterarn" than when its rotation was set up: call RotateSecret again.',
      )
    const admin = (): Promise<SecretValue> => {
      if (arn !== null) return valueOf(secretId, arn)
      throw new SecretsError('source_misconfigured', 'The secret’s value names no "masterarn".')
    }
    return make({ random, admin, hasAdmin: arn !== null })
  }
  return {
    name: secretRotatorName,
    repairs: false,
    create: async (call, current) => (await rotatorOf(call.secretId, current)).create(call, current),
    set: async (call, credentials) => (await rotatorOf(call.secretId, credentials.current)).set(call, credentials),
    test: async (call, value) => (await rotatorOf(call.secretId, value)).test(call, value),
    revert: async (call, credentials) =>
      (await rotatorOf(call.secretId, credentials.current)).revert(call, credentials),
    retire: async (call, credentials) =>
      (await rotatorOf(call.secretId, credentials.current)).retire(call, credentials),
    discard: async (call, credentials) =>
      (await rotatorOf(call.secretId, credentials.current)).discard?.(call, credentials),
  }
}

/** The secret with the login of somebody who may change others' passwords, as AWS's rotation functions name it. */
export const masterArnOf = (value: SecretValue): string | undefined => {
  if (value.kind !== 'text') return undefined
  try {
    const { masterarn } = JSON.parse(value.reveal()) as { readonly masterarn?: unknown }
    return typeof masterarn === 'string' && masterarn !== '' ? masterarn : undefined
  } catch {
    return undefined
  }
}
