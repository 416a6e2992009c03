import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Rotator } from '@keyplane/rotation'
import type { SecretRotationsTable } from '../storage/secret-rotations-table.ts'
import type { SecretRotationRow } from '../storage/tables.ts'
import { administered, isAsSetUp, notAsSetUp } from './administered.ts'
import type { Administrators } from './administrators.ts'
import { builtInRotator } from './built-in-rotators.ts'

export interface SecretRotatorsParts {
  readonly rotations: SecretRotationsTable
  readonly random: Random
  /** For functions of Lambda. */
  readonly byFunction: Rotator
  readonly administrators: Administrators
}

/** Rotates each secret by what RotateSecret was told: a function, or one of the store's own rotators. */
export class SecretRotators {
  readonly #parts: SecretRotatorsParts
  /** All that the journal knows, by name. */
  readonly all: readonly Rotator[]

  constructor(parts: SecretRotatorsParts) {
    this.#parts = parts
    this.all = [this.#rotator('store', false), this.#rotator('store-repairs', true)]
  }

  /** The name of the one for a secret: some can set a credential though no stored one is accepted. */
  nameFor(row: SecretRotationRow): string {
    return this.of(row).repairs ? 'store-repairs' : 'store'
  }

  /** The one that a secret's row means. */
  of({ secret_id: secretId, function_arn, master_arn: arn }: SecretRotationRow): Rotator {
    const { random, byFunction, administrators } = this.#parts
    const admin = (): Promise<SecretValue> => {
      if (arn !== null) return administrators.login(secretId, arn)
      throw new SecretsError('source_misconfigured', 'The secret’s value names no "masterarn".', {
        reason: 'no_admin',
      })
    }
    return builtInRotator(function_arn)?.({ random, admin, hasAdmin: arn !== null }) ?? byFunction
  }

  #rotator(name: string, repairs: boolean): Rotator {
    const by = this.#by.bind(this)
    return {
      name,
      repairs,
      create: async (call, current) => (await by(call.secretId, current)).create(call, current),
      set: async (call, credentials) => (await by(call.secretId, credentials.current)).set(call, credentials),
      test: async (call, value) => (await by(call.secretId, value)).test(call, value),
      revert: async (call, credentials) => (await by(call.secretId, credentials.current)).revert(call, credentials),
      retire: async (call, credentials) => (await by(call.secretId, credentials.current)).retire(call, credentials),
      discard: async (call, credentials) => (await by(call.secretId, credentials.current)).discard?.(call, credentials),
    }
  }

  async #by(secretId: string, value: SecretValue): Promise<Rotator> {
    const row = await this.#parts.rotations.of(secretId)
    if (!row) throw new SecretsError('source_misconfigured', 'The secret is not to be rotated.')
    if (!isAsSetUp(row, administered(value, { secretId, functionArn: row.function_arn })))
      throw new SecretsError('source_misconfigured', notAsSetUp, { reason: 'value_shape' })
    return this.of(row)
  }
}
