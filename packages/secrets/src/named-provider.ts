import { type SecretProvider, SecretsError } from '@keyplane/core'
import { around } from './resilience/around.ts'

/**
 * A provider under another name, where a program has two of a kind: in the chain, in logs, metrics and references.
 * @throws SecretsError `config_invalid` for a name that no reference could hold.
 */
export const namedProvider = (name: string, provider: SecretProvider): SecretProvider => {
  if (!/^[a-z][a-z0-9_-]*$/.test(name))
    throw new SecretsError(
      'config_invalid',
      `${JSON.stringify(name)} is no name of a source; use a-z, 0-9, "-" and "_".`,
    )
  const { getSync } = provider
  return {
    ...around(provider, (act, call) => act(call)),
    name,
    ...(getSync && { getSync: (ref) => getSync.call(provider, ref) }),
  }
}
