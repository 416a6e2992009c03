import { type Reading, revealText, SecretsError, toSecretsError } from '@keyplane/core'

/** What reading many secrets gave: each key is in one of the two. */
export interface ManySecrets<Key extends string = string> {
  readonly values: Readonly<Partial<Record<Key, string>>>
  /** Why a key has no value: what its sources said. */
  readonly errors: Readonly<Partial<Record<Key, SecretsError>>>
}

type Read = (key: string) => Promise<Reading>

/** Reads each key once, all at the same time; one that fails does not fail the others. An abort fails all. */
export const readMany = async <Key extends string>(
  keys: readonly Key[],
  read: Read,
  signal?: AbortSignal,
): Promise<ManySecrets<Key>> => {
  // Without a prototype, so that no key of the caller's meets one that is there already.
  const values = Object.create(null) as Partial<Record<Key, string>>
  const errors = Object.create(null) as Partial<Record<Key, SecretsError>>
  await Promise.all(
    [...new Set(keys)].map(async (key) => {
      try {
        values[key] = revealText((await read(key)).version.value)
      } catch (thrown) {
        signal?.throwIfAborted()
        errors[key] = toSecretsError(thrown)
      }
    }),
  )
  return Object.freeze({ values: Object.freeze(values), errors: Object.freeze(errors) })
}

/** Several keys' failures as one: with the first one's code, and a line for each. */
export const combinedError = (errors: Readonly<Partial<Record<string, SecretsError>>>, what: string): SecretsError => {
  const lines = Object.entries(errors).map(([key, error]) => `  ${JSON.stringify(key)}: ${error?.message}`)
  const codes = Object.values(errors).flatMap((error) => (error ? [error.code] : []))
  const count = lines.length === 1 ? '1 secret' : `${lines.length} secrets`
  return new SecretsError(codes[0] ?? 'internal', `${count} ${what}:\n${lines.join('\n')}`)
}
