import { passedOn, type SecretProvider, type SecretRef } from '@keyplane/core'
import { variableOf } from './variable-of.ts'

/** A source that knows secrets as variables, asked for them by the names that other sources know. */
export const byVariable = (provider: SecretProvider): SecretProvider => {
  const spelled = (ref: SecretRef): SecretRef => ({ ...ref, id: variableOf(ref.id) })
  return {
    ...passedOn(provider),
    get: (ref, call) => provider.get(spelled(ref), call),
    ...(provider.getSync && { getSync: (ref) => provider.getSync?.(spelled(ref)) }),
  }
}
