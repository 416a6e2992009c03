import { agentDefaults } from '@keyplane/agent'
import { defaultPorts } from '../config.ts'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { table } from '../terminal.ts'

interface Setting {
  readonly name: string
  readonly value: string
  readonly origin: string
}

/** Variables that the library and the agent read, with what holds where none is set. */
const variables: Readonly<Record<string, string>> = {
  SECRETS_PROVIDER: 'env',
  SECRETS_CACHE_TTL: '1h',
  SECRETS_AWS_REGION: 'AWS_REGION, else us-east-1',
  SECRETS_STRICT: 'false',
  KEYPLANE_AGENT_TOKEN: '(AWS_TOKEN, …)',
  AWS_ENDPOINT_URL_SECRETS_MANAGER: '(AWS’s own)',
  AWS_ACCESS_KEY_ID: '(AWS’s chain)',
  AWS_SECRET_ACCESS_KEY: '(AWS’s chain)',
  AWS_SESSION_TOKEN: '(AWS’s chain)',
}

/** Names whose values are secrets; a file's name is none. */
const isSecret = (name: string, value: string): boolean =>
  /TOKEN|SECRET_ACCESS_KEY|ACCESS_KEY_ID/.test(name) && !value.startsWith('file://')

/** Every setting with its value and its origin. */
export const settingsShow: Command = async ({ folder, env, terminal }) => {
  const settings = [
    { name: 'data', value: folder.path, origin: folder.exists ? 'found' : 'default (not there yet)' },
    ...Object.entries(variables).map(([name, fallback]) => fromEnvironment(env, name, fallback)),
    ...Object.entries(defaultPorts).map(([part, port]) => ({
      name: `${part} port`,
      value: String(port),
      origin: 'default',
    })),
    ...Object.entries(agentDefaults).map(([name, value]) => ({
      name: `agent.toml: ${name}`,
      value: value === undefined ? '(none)' : JSON.stringify(value),
      origin: 'default',
    })),
  ]
  if (terminal.json) terminal.data(JSON.stringify(settings))
  else
    terminal.data(
      table([['SETTING', 'VALUE', 'FROM'], ...settings.map(({ name, value, origin }) => [name, value, origin])]),
    )
  return exitCodes.ok
}

/** An address without the user and the password that it may hold. */
const withoutLogin = (value: string): string => value.replace(/\/\/[^/?#]*@/, '//****@')

const fromEnvironment = (env: Context['env'], name: string, fallback: string): Setting => {
  const own = name.replace(/^SECRETS_/, 'KEYPLANE_')
  const set = [own, name].find((candidate) => env[candidate])
  const value = set === undefined ? fallback : (env[set] ?? '')
  const shown = set !== undefined && isSecret(name, value) ? '****' : withoutLogin(value)
  return { name, value: shown, origin: set === undefined ? 'default' : `environment (${set})` }
}
