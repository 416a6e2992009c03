import { SecretsError } from '@keyplane/core'
import { environmentRootKey, fileRootKey, passphraseRootKey, type RootKey, type RootKeySource } from '@keyplane/sealing'
import type { Context } from '../context.ts'
import { awsKmsRootKey } from './aws-kms-key.ts'
import { openBaoRootKey } from './openbao-transit-key.ts'
import { readPassphrase } from './read-passphrase.ts'

/** The variable of a root key in the environment. */
export const rootKeyVariable = 'KEYPLANE_ROOT_KEY'

export interface NamedRootKeyOptions {
  /** The variable that `environment` reads. Default: `KEYPLANE_ROOT_KEY`. */
  readonly variable?: string
  /** The descriptor that a passphrase is read from. Default: the keyboard or stdin. */
  readonly passphraseFd?: number | undefined
}

/**
 * The root key's source of a name as `--root-key` takes it, whatever the store's own is.
 * @throws SecretsError `config_invalid` for a source that there is not, and for a variable that is set and empty.
 */
export const namedRootKey = (
  context: Context,
  name: string,
  { variable = rootKeyVariable, passphraseFd }: NamedRootKeyOptions = {},
): RootKeySource => {
  const { folder, env, random, clock } = context
  if (name === 'file') return fileRootKey({ path: folder.rootKey, random })
  if (name === 'environment' && env[variable]?.trim() === '')
    throw new SecretsError('config_invalid', `${variable} is set, but empty; give the key, or unset it.`)
  if (name === 'environment') return environmentRootKey({ variable, value: env[variable], random })
  if (name === 'passphrase') return typedPassphrase(context, passphraseFd)
  const [, keyArn] = /^aws-kms:(arn:.+)$/.exec(name) ?? []
  if (keyArn !== undefined) return awsKmsRootKey({ keyArn, env, clock })
  const [, key] = /^openbao:(.+)$/.exec(name) ?? []
  if (key !== undefined) return openBaoRootKey({ key, env, clock })
  throw new SecretsError(
    'config_invalid',
    `There is no root key source ${JSON.stringify(name)}; there are file, environment, passphrase, aws-kms:ARN and openbao:KEY.`,
  )
}

/** It is asked for once: a store that runs and is given another passphrase has nobody to ask. */
const typedPassphrase = (context: Context, passphraseFd: number | undefined): RootKeySource => {
  let opened: { readonly descriptor: string | undefined; readonly key: Promise<RootKey> } | undefined
  const ask = (descriptor: string | undefined): Promise<RootKey> => {
    const passphrase = () => readPassphrase(context, { passphraseFd }, { isNew: descriptor === undefined })
    return passphraseRootKey({ passphrase, random: context.random }).open(descriptor)
  }
  return {
    name: 'passphrase',
    open: async (descriptor) => {
      opened ??= { descriptor, key: ask(descriptor) }
      if (opened.descriptor === descriptor) return opened.key
      throw new SecretsError('config_invalid', 'The passphrase was asked for already; start again to give another.')
    },
  }
}
