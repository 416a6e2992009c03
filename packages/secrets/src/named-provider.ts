import type { SecretProvider } from '@keyplane/core'
import { around } from './resilience/around.ts'

/** A provider under another name, where a program has two of a kind: in the chain, in logs, metrics and references. */
export const namedProvider = (name: string, provider: SecretProvider): SecretProvider => {
  const { getSync } = provider
  return {
    ...around(provider, (act, call) => act(call)),
    name,
    ...(getSync && { getSync: (ref) => getSync.call(provider, ref) }),
  }
}
