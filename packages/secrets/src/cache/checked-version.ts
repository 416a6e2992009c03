import { SecretsError, type SecretVersion } from '@keyplane/core'

/**
 * The version that a provider gave, if it is one: providers come from anywhere, and what they give is kept.
 * @throws SecretsError `bad_response` for anything else; never with what it was.
 */
export const checkedVersion = (given: SecretVersion, source: string): SecretVersion => {
  const version = given as Partial<SecretVersion> | null | undefined
  const value = version?.value as { kind?: unknown; reveal?: unknown } | undefined
  const isVersion =
    typeof version?.id === 'string' &&
    version.id !== '' &&
    (value?.kind === 'text' || value?.kind === 'bytes') &&
    typeof value.reveal === 'function'
  if (isVersion) return given
  throw new SecretsError('bad_response', `The provider ${source} gave something that is no version of a secret.`, {
    source,
  })
}
