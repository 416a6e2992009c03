import { SecretsError, sameValue, type SecretValue } from '@keyplane/core'
import type { Acceptance, Rotator, RotatorCall } from '@keyplane/rotation'
import type { RotationStep } from './rotation-functions.ts'
import type { StoredVersions } from './stored-versions.ts'

export interface FunctionRotatorParts {
  /** Calls the function for one step of a version. */
  readonly step: (step: RotationStep, secretId: string, versionId: string, signal: AbortSignal) => Promise<void>
  readonly versions: Pick<StoredVersions, 'read'>
}

/**
 * A rotation function written to AWS's four steps, such as AWS's own. It reads and writes the secret by the store's API and
 * changes the target by itself; the engine says which step is next, again where nobody knows how one ended.
 */
export const functionRotator = ({ step, versions }: FunctionRotatorParts): Rotator => {
  const run = async (name: RotationStep, call: RotatorCall): Promise<void> => {
    call.requireLease()
    await step(name, call.secretId, call.pendingVersion, call.signal)
  }
  return {
    name: 'function',
    repairs: true,
    create: async (call) => {
      await run('createSecret', call)
      const value = await versions.read(call.secretId, call.pendingVersion)
      if (value) return value
      throw new SecretsError('unavailable', 'The rotation function stored no pending value.', {
        reason: 'function_failed',
      })
    },
    set: async (call): Promise<Acceptance> => {
      await run('setSecret', call)
      return 'accepted'
    },
    // A function tests the pending version only; of another one it can't be asked.
    test: async (call, value: SecretValue): Promise<Acceptance> => {
      const pending = await versions.read(call.secretId, call.pendingVersion)
      if (pending && sameValue(pending, value)) await run('testSecret', call)
      return 'accepted'
    },
    // It has no step for these: the next rotation starts from whichever credential the function finds accepted.
    revert: async () => undefined,
    retire: async () => undefined,
  }
}
