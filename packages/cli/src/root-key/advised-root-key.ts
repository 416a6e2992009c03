import { SecretsError } from '@keyplane/core'
import type { RootKey, RootKeySource } from '@keyplane/sealing'
import { rootKeySourceOf, type StoreDatabase, type StoreRootKey } from '@keyplane/store'

/**
 * A source of the root key which, where it is not the one that the store's key comes from, fails with that one's name.
 * `database` is asked only then.
 */
export const advisedRootKey = (source: RootKeySource, database: () => StoreDatabase): RootKeySource => ({
  name: source.name,
  open: async (descriptor) => {
    const advised = (error: unknown): Promise<unknown> => adviceFor(error, source.name, database)
    let key: RootKey
    try {
      key = await source.open(descriptor)
    } catch (error) {
      throw descriptor === undefined ? error : await advised(error)
    }
    return {
      descriptor: key.descriptor,
      wrap: (plain, binding) => key.wrap(plain, binding),
      unwrap: async (wrapped, binding) => {
        try {
          return await key.unwrap(wrapped, binding)
        } catch (error) {
          // Only the check that a store begins with tells of another key; anything else may be damage.
          throw binding.purpose === 'root-check' ? await advised(error) : error
        }
      },
    }
  },
})

const wrongKey: readonly string[] = ['integrity', 'source_misconfigured', 'config_invalid']

const adviceFor = async (error: unknown, used: string, database: () => StoreDatabase): Promise<unknown> => {
  if (!(error instanceof SecretsError) || !wrongKey.includes(error.code)) return error
  const store = await readSource(database)
  if (store && (store.source !== used || error.reason === 'wrong_root_key')) return otherSource(store.name, error)
  if (used !== 'passphrase' || error.code !== 'integrity') return error
  return new SecretsError(
    'source_misconfigured',
    'The passphrase is not the one that this store was made with. Nothing was changed.',
    { reason: 'wrong_passphrase', cause: error },
  )
}

const otherSource = (name: string, cause: unknown): SecretsError =>
  new SecretsError('source_misconfigured', `This store's root key comes from \`${name}\`; give --root-key ${name}.`, {
    reason: 'other_root_key_source',
    cause,
  })

/** What failed first is told, not that the database could not be asked. */
const readSource = async (database: () => StoreDatabase): Promise<StoreRootKey | undefined> => {
  try {
    return await rootKeySourceOf(database())
  } catch {
    return undefined
  }
}
