import type { RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'
import { type DatabaseFlags, storeDatabase } from '../plane/store-database.ts'
import { advisedRootKey } from './advised-root-key.ts'
import { namedRootKey, rootKeyVariable } from './named-root-key.ts'
import type { RootKeyFlags } from './root-key-flags.ts'

/** The name of the root key's source: a flag's, the environment's, else the data folder's file. */
export const rootKeyName = ({ env }: Pick<Context, 'env'>, { rootKey }: RootKeyFlags): string =>
  rootKey ?? env['KEYPLANE_ROOT_KEY_SOURCE'] ?? (env[rootKeyVariable] === undefined ? 'file' : 'environment')

/**
 * Where the store's root key comes from. The key itself, and a passphrase, stand in no argument list. Where it is not
 * the store's, it fails with the name of the source that is.
 * @throws SecretsError `config_invalid` for a source that there is not, and for a variable that is set and empty.
 */
export const rootKeySource = (context: Context, flags: RootKeyFlags & DatabaseFlags): RootKeySource =>
  advisedRootKey(namedRootKey(context, rootKeyName(context, flags), flags), () => storeDatabase(context, flags))
