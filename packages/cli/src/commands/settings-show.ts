import { agentSettings, type Setting, withoutLogin } from '../agent-settings.ts'
import { defaultPorts } from '../config.ts'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { table } from '../terminal.ts'

/** Variables that the library and the agent read, with what holds where none is set. */
const variables: Readonly<Record<string, string>> = {
  SECRETS_PROVIDER: 'env',
  SECRETS_CACHE_TTL: '1h',
  SECRETS_AWS_REGION: 'AWS_REGION, AWS_DEFAULT_REGION, else us-east-1',
  SECRETS_STRICT: 'false',
  SECRETS_ENV_NAME: '(none)',
  SECRETS_ENV_FOLDER: '(the working directory)',
  SECRETS_FILE_ROOTS: 'CREDENTIALS_DIRECTORY, /run/secrets',
  SECRETS_FILE_TRIM: 'none',
  SECRETS_SSM_KMS_KEY_ID: '(the account’s own)',
  SECRETS_SERVICE_URL: '(none)',
  SECRETS_SERVICE_ENVIRONMENT: '(none)',
  SECRETS_SERVICE_TOKEN_FILE: '(none)',
  SECRETS_SERVICE_TOKEN: '(none)',
  SECRETS_SERVICE_CACERT: '(Node’s own certificates)',
  SECRETS_SERVICE_CLIENT_CERT: '(none)',
  SECRETS_SERVICE_CLIENT_KEY: '(none)',
  SECRETS_GCP_PROJECT: 'GOOGLE_CLOUD_PROJECT, what Google’s SDK finds',
  SECRETS_AZURE_VAULT_URL: '(none)',
  SECRETS_OPENBAO_ADDR: 'BAO_ADDR, VAULT_ADDR',
  SECRETS_OPENBAO_MOUNT: 'secret',
  SECRETS_OPENBAO_NAMESPACE: 'BAO_NAMESPACE, VAULT_NAMESPACE',
  SECRETS_OPENBAO_CACERT: 'BAO_CACERT, VAULT_CACERT',
  SECRETS_OPENBAO_TOKEN: 'BAO_TOKEN, VAULT_TOKEN, ~/.vault-token',
  SECRETS_OPENBAO_TOKEN_FILE: '(none)',
  SECRETS_OPENBAO_ROLE_ID: '(none)',
  SECRETS_OPENBAO_SECRET_ID: '(none)',
  SECRETS_OPENBAO_SECRET_ID_FILE: '(none)',
  SECRETS_OPENBAO_SECRET_ID_WRAPPED: 'false',
  SECRETS_OPENBAO_KUBERNETES_ROLE: '(none)',
  SECRETS_OPENBAO_JWT_ROLE: '(none)',
  SECRETS_OPENBAO_JWT_FILE: '(Kubernetes’ own, for its role)',
  SECRETS_OPENBAO_AUTH_MOUNT: '(the login’s own name)',
  SECRETS_AGENT_ENDPOINT: 'http://127.0.0.1:2773',
  SECRETS_AGENT_TOKEN_FILE: '(none)',
  SECRETS_AGENT_TOKEN: 'AWS_TOKEN, AWS_SESSION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN',
  KEYPLANE_STORE_DATABASE_URL: '(none: SQLite in the data folder)',
  KEYPLANE_STORE_DATABASE_URL_FILE: '(none)',
  KEYPLANE_ROOT_KEY: '(none)',
  KEYPLANE_NEXT_ROOT_KEY: '(none)',
  KEYPLANE_ROOT_KEY_SOURCE: 'file, or environment where there is a key',
  CREDENTIALS_DIRECTORY: '(none)',
  AWS_REGION: '(none)',
  AWS_DEFAULT_REGION: '(none)',
  AWS_ENDPOINT_URL_SECRETS_MANAGER: 'AWS_ENDPOINT_URL',
  AWS_ENDPOINT_URL: '(AWS’s own)',
  AWS_ACCESS_KEY_ID: '(AWS’s chain)',
  AWS_SECRET_ACCESS_KEY: '(AWS’s chain)',
  AWS_SESSION_TOKEN: '(AWS’s chain)',
  AWS_TOKEN: '(none)',
  AWS_CONTAINER_AUTHORIZATION_TOKEN: '(none)',
}

/** Whether the variable holds a secret; a file's name is none. */
const isSecret = (name: string, value: string): boolean =>
  /TOKEN$|ROOT_KEY$|SECRET_ID$|ROLE_ID$|SECRET_ACCESS_KEY$|ACCESS_KEY_ID$/.test(name) && !value.startsWith('file://')

interface ShowOptions {
  /** An agent's file. */
  readonly config?: string
}

/** Every setting with its value and its origin. */
export const settingsShow: Command<ShowOptions> = async ({ folder, env, terminal }, _args, { config }) => {
  const settings = [
    { name: 'data', value: folder.path, origin: folder.exists ? 'found' : 'default (not there yet)' },
    ...Object.entries(variables).map(([name, fallback]) => fromEnvironment(env, name, fallback)),
    ...Object.entries(defaultPorts).map(([part, port]) => ({
      name: `${part} port`,
      value: String(port),
      origin: 'default',
    })),
    ...agentSettings(config),
  ]
  if (terminal.json) terminal.data(JSON.stringify(settings))
  else
    terminal.data(
      table([['SETTING', 'VALUE', 'FROM'], ...settings.map(({ name, value, origin }) => [name, value, origin])]),
    )
  return exitCodes.ok
}

const fromEnvironment = (env: Context['env'], name: string, fallback: string): Setting => {
  const own = name.replace(/^SECRETS_/, 'KEYPLANE_')
  const set = [own, name].find((candidate) => env[candidate])
  const value = set === undefined ? fallback : (env[set] ?? '')
  const shown = set !== undefined && isSecret(name, value) ? '****' : withoutLogin(value)
  return { name, value: shown, origin: set === undefined ? 'default' : `environment (${set})` }
}
