import { SecretsError, type SecretProvider } from '@keyplane/core'
import { openSecrets, readSettings, type SecretsManager } from '@keyplane/secrets'
import { awsProvider, type AwsProviderOptions } from '@keyplane/secrets/providers'
import { withLogin } from './login/ask-service.ts'
import { accessKeyOf, planeRegion } from './data-folder/credentials.ts'
import type { DataFolder } from './data-folder/data-folder.ts'
import { findRunning } from './data-folder/running-plane.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The store of an embedded plane, asked as the person at the keyboard.
 * @throws SecretsError `unavailable` where none runs: whoever else has its usual port must get neither call nor value.
 */
export const planeStore = (folder: DataFolder, env: Environment): SecretProvider => awsProvider(planeOf(folder, env))

const planeOf = (folder: DataFolder, env: Environment): AwsProviderOptions => {
  const storeUrl = findRunning(folder)?.storeUrl
  if (storeUrl === undefined)
    throw new SecretsError('unavailable', `No plane runs on ${folder.path}.`, { source: 'aws' })
  return {
    region: planeRegion,
    endpoint: storeUrl,
    credentials: accessKeyOf(folder, 'developer'),
    env: { ...env, AWS_ENDPOINT_URL: undefined, AWS_ENDPOINT_URL_SECRETS_MANAGER: undefined },
  }
}

/** Whether the environment itself names a provider, and so overrides the data folder. */
export const namesProvider = (env: Environment): boolean => Boolean(env['KEYPLANE_PROVIDER'] || env['SECRETS_PROVIDER'])

/**
 * Where a command reads from: the provider that the environment names, else the embedded plane of this folder, else the
 * environment and `.env`. Failures are never skipped: a command that shows a secret must say why it can't.
 */
export const openSource = (folder: DataFolder, env: Environment): SecretsManager => {
  if (namesProvider(env)) return openSecrets({ env: withLogin(env), strict: true })
  if (folder.exists) return openSecrets({ env, strict: true, providers: [planeStore(folder, env)], environment: false })
  if (folder.isNamed) throw new SecretsError('config_invalid', `There is no data folder ${folder.path}.`)
  return openSecrets({ env, strict: true })
}

/**
 * The same, for the names of secrets.
 * @throws SecretsError `unsupported` where the provider tells none: the environment's would be taken for its own.
 */
export const openNames = (folder: DataFolder, env: Environment): SecretsManager => {
  const named = namesProvider(env) ? readSettings(env).provider : undefined
  if (named === 'service')
    throw new SecretsError(
      'unsupported',
      'A service tells no names of secrets; what its tools need: keyplane tool list',
    )
  if (named === 'agent') throw new SecretsError('unsupported', 'An agent tells no names of secrets.')
  return openSource(folder, env)
}

/** The same, for a command that writes. @throws SecretsError `config_invalid` where there is nothing to write to. */
export const openWritable = (folder: DataFolder, env: Environment): SecretProvider =>
  awsProvider(writableStore(folder, env))

/** Where that is, and who asks. @throws SecretsError as `openWritable`. */
export const writableStore = (folder: DataFolder, env: Environment): AwsProviderOptions => {
  if (namesProvider(env)) return namedStore(env)
  if (folder.exists) return planeOf(folder, env)
  if (folder.isNamed) throw new SecretsError('config_invalid', `There is no data folder ${folder.path}.`)
  if (env['AWS_ACCESS_KEY_ID'] || env['AWS_PROFILE']) return { env }
  throw new SecretsError(
    'config_invalid',
    `There is no plane here (${folder.path}) and no AWS credentials: start one with "keyplane dev", or name its folder with --data.`,
  )
}

/** The provider that the environment names: what is written there is what a read finds. */
const namedStore = (env: Environment): AwsProviderOptions => {
  const { provider, awsRegion: region } = readSettings(env)
  if (provider === 'aws') return { env, ...(region !== undefined && { region }) }
  const variable = env['KEYPLANE_PROVIDER'] ? 'KEYPLANE_PROVIDER' : 'SECRETS_PROVIDER'
  throw new SecretsError(
    'config_invalid',
    `${variable} names ${provider}, which can't be written to; nothing was written. Unset it, or name aws.`,
  )
}
