import { SecretsError } from '@keyplane/core'
import { environmentRootKey, fileRootKey, passphraseRootKey, type RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'
import { type DatabaseFlags, storeDatabase } from '../plane/store-database.ts'
import { advisedRootKey } from './advised-root-key.ts'
import { awsKmsRootKey } from './aws-kms-key.ts'
import { openBaoRootKey } from './openbao-transit-key.ts'
import { readPassphrase } from './read-passphrase.ts'
import type { RootKeyFlags } from './root-key-flags.ts'

const variable = 'KEYPLANE_ROOT_KEY'

/** The name of the root key's source: a flag's, the environment's, else the data folder's file. */
export const rootKeyName = ({ env }: Pick<Context, 'env'>, { rootKey }: RootKeyFlags): string =>
  rootKey ?? env['KEYPLANE_ROOT_KEY_SOURCE'] ?? (env[variable] === undefined ? 'file' : 'environment')

/**
 * Where the store's root key comes from. The key itself, and a passphrase, stand in no argument list. Where it is not
 * the store's, it fails with the name of the source that is.
 * @throws SecretsError `config_invalid` for a source that there is not, and for a variable that is set and empty.
 */
export const rootKeySource = (context: Context, flags: RootKeyFlags & DatabaseFlags): RootKeySource =>
  advisedRootKey(namedSource(context, flags), () => storeDatabase(context, flags))

const namedSource = (context: Context, flags: RootKeyFlags): RootKeySource => {
  const { folder, env, random, clock } = context
  const name = rootKeyName(context, flags)
  if (name === 'file') return fileRootKey({ path: folder.rootKey, random })
  if (name === 'environment' && env[variable]?.trim() === '')
    throw new SecretsError('config_invalid', `${variable} is set, but empty; give the key, or unset it.`)
  if (name === 'environment') return environmentRootKey({ variable, value: env[variable], random })
  if (name === 'passphrase') return typedPassphrase(context, flags)
  const [, keyArn] = /^aws-kms:(arn:.+)$/.exec(name) ?? []
  if (keyArn !== undefined) return awsKmsRootKey({ keyArn, env, clock })
  const [, key] = /^openbao:(.+)$/.exec(name) ?? []
  if (key !== undefined) return openBaoRootKey({ key, env, clock })
  throw new SecretsError(
    'config_invalid',
    `There is no root key source ${JSON.stringify(name)}; there are file, environment, passphrase, aws-kms:ARN and openbao:KEY.`,
  )
}

const typedPassphrase = (context: Context, flags: RootKeyFlags): RootKeySource => ({
  name: 'passphrase',
  open: (descriptor) => {
    const passphrase = () => readPassphrase(context, flags, { isNew: descriptor === undefined })
    return passphraseRootKey({ passphrase, random: context.random }).open(descriptor)
  },
})
