import { type AgentConfig, type ReadBounds, readAgentConfig } from '@keyplane/agent'
import { SecretsError } from '@keyplane/core'

export type Environment = Readonly<Record<string, string | undefined>>

/** The process's own environment, live. */
export const processEnvironment: Environment = process.env

/** What the environment of a function says. */
export interface ExtensionSettings {
  readonly agent: AgentConfig
  /** What holds for reads of secrets and of parameters alone. */
  readonly reads: { readonly secrets: ReadBounds; readonly parameters: ReadBounds }
  /** Where Lambda's Extensions API is: host and port. */
  readonly runtimeApi: string
  /** The memory of this start is kept, and later ones begin with it. */
  readonly isSnapStart: boolean
}

const prefix = 'PARAMETERS_SECRETS_EXTENSION_'

const levels: ReadonlySet<string> = new Set<AgentConfig['logLevel']>(['debug', 'info', 'warn', 'error', 'none'])
const isLevel = (text: string): text is AgentConfig['logLevel'] => levels.has(text)

/** Reads variables, and gathers what is wrong with them. */
class Variables {
  readonly problems: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** A whole number; nothing where it is not set, or is out of bounds, which is a problem. */
  number(name: string, min: number, max: number): number | undefined {
    const text = this.#env[name]
    if (text === undefined) return undefined
    const value = Number(text)
    if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value
    return this.#refuse(name, `is no whole number from ${min} to ${max}`)
  }

  flag(name: string): boolean | undefined {
    const text = this.#env[name]?.toLowerCase()
    if (text === undefined) return undefined
    return text === 'true' || text === 'false' ? text === 'true' : this.#refuse(name, 'is neither true nor false')
  }

  level(name: string): AgentConfig['logLevel'] | undefined {
    const text = this.#env[name]?.toLowerCase()
    if (text === undefined) return undefined
    return isLevel(text) ? text : this.#refuse(name, `is none of ${[...levels].join(', ')}`)
  }

  #refuse(name: string, why: string): undefined {
    this.problems.push(`${name} ${why}.`)
    return undefined
  }
}

/** A timeout of 0 is none of the function's own: the agent's hold. */
const bounds = (seconds: number | undefined, timeoutMs: number | undefined): ReadBounds => ({
  ...(seconds !== undefined && { ttlMs: seconds * 1_000 }),
  ...(timeoutMs && { timeoutMs }),
})

/**
 * The agent's configuration, from the file that `KEYPLANE_AGENT_CONFIG` names where there is one, with the variables of
 * AWS's extension above it.
 * @throws SecretsError `config_invalid`, with every variable that is wrong in one message.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
 */
export const readExtensionSettings = (env: Environment): ExtensionSettings => {
  const file = readAgentConfig(env['KEYPLANE_AGENT_CONFIG'])
  const read = new Variables(env)
  const httpPort = read.number(`${prefix}HTTP_PORT`, 1_024, 65_535)
  const cacheSize = read.number(`${prefix}CACHE_SIZE`, 0, 1_000)
  const isCaching = read.flag(`${prefix}CACHE_ENABLED`)
  const logLevel = read.level(`${prefix}LOG_LEVEL`)
  // Checked, as a typing error is one; the agent opens as many connections as calls are under way.
  read.number(`${prefix}MAX_CONNECTIONS`, 1, 1_000_000)
  const secrets = bounds(
    read.number('SECRETS_MANAGER_TTL', 0, 3_600),
    read.number('SECRETS_MANAGER_TIMEOUT_MILLIS', 0, 900_000),
  )
  const parameters = bounds(
    read.number('SSM_PARAMETER_STORE_TTL', 0, 3_600),
    read.number('SSM_PARAMETER_STORE_TIMEOUT_MILLIS', 0, 900_000),
  )
  const runtimeApi = env['AWS_LAMBDA_RUNTIME_API'] ?? ''
  if (runtimeApi === '') read.problems.push('AWS_LAMBDA_RUNTIME_API is not set: this is no Lambda function.')
  if (read.problems.length > 0) throw new SecretsError('config_invalid', read.problems.join('\n'))
  const agent: AgentConfig = Object.freeze({
    ...file,
    ...(httpPort !== undefined && { httpPort }),
    ...(cacheSize !== undefined && { cacheSize }),
    ...(isCaching === false && { cacheSize: 0 }),
    ...(logLevel !== undefined && { logLevel }),
    lambdaExtension: true,
    // They are Lambda's own; and a function in a network of its own may reach no STS.
    validateCredentials: false,
    // What a function's processes print is its log; its folder can't be written.
    logToFile: false,
  })
  const isSnapStart = env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'snap-start'
  return Object.freeze({ agent, reads: { secrets, parameters }, runtimeApi, isSnapStart })
}
