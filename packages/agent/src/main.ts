import { parseArgs } from 'node:util'
import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import { maskingHook } from '@keyplane/masking'
import { awsIdentity, awsProvider } from '@keyplane/secrets/providers'
import { pino } from 'pino'
import { type AgentConfig, processEnvironment, readAgentConfig } from './config.ts'
import { LogFile } from './log-file.ts'
import { type AgentLog, startAgent } from './start-agent.ts'
import { version } from './version.ts'

const usage = `Usage: keyplane agent [-c FILE]

Serves secrets to programs on this machine, as the AWS Secrets Manager Agent does: one HTTP endpoint on loopback, a token
in a header, values cached in memory.

  -c, --config FILE   TOML, as for the AWS agent; ours under [keyplane]. Default: none, all defaults
  -h, --help          This text
      --version       The version

The token comes from KEYPLANE_AGENT_TOKEN, AWS_TOKEN, AWS_SESSION_TOKEN or AWS_CONTAINER_AUTHORIZATION_TOKEN, the first
that is set; file://PATH reads a file.

  AWS_TOKEN=file:///var/run/awssmatoken keyplane agent --config agent.toml
  curl -H "X-Aws-Parameters-Secrets-Token: $(cat /var/run/awssmatoken)" \\
    'http://127.0.0.1:2773/secretsmanager/get?secretId=NAME'
`

export interface AgentProcess {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock
  readonly stdout?: (text: string) => void
  readonly stderr?: (text: string) => void
  /** Resolves when the agent is to end. Default: SIGTERM or SIGINT. */
  readonly ended?: Promise<unknown>
}

/**
 * The agent as a command, from its arguments to its end. Gives the exit code: 0 after a clean end, 1 for whatever is
 * wrong with arguments, configuration, token or credentials, as the AWS agent does.
 */
export const runAgent = async (
  args: readonly string[],
  {
    env = processEnvironment,
    clock = systemClock,
    stdout = (text) => void process.stdout.write(text),
    stderr = (text) => void process.stderr.write(text),
    ended,
  }: AgentProcess = {},
): Promise<number> => {
  try {
    const options = readArguments(args)
    if (options.help) stdout(usage)
    else if (options.version) stdout(`keyplane-agent ${version}\n`)
    else await serve(readAgentConfig(options.config), { env, clock, stdout, ended: ended ?? untilSignal() })
    return 0
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error
    stderr(`${error.message}\n`)
    return 1
  }
}

const readArguments = (args: readonly string[]): { config?: string; help?: boolean; version?: boolean } => {
  // The AWS Workload Credentials Provider is started by `sm start`.
  const own = args[0] === 'sm' && args[1] === 'start' ? args.slice(2) : args
  try {
    const { values } = parseArgs({
      args: [...own],
      options: {
        config: { type: 'string', short: 'c' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
    return values
  } catch (cause) {
    throw new SecretsError('config_invalid', `${(cause as Error).message}\n\n${usage}`)
  }
}

const serve = async (
  config: AgentConfig,
  { env, clock, stdout, ended }: Required<Pick<AgentProcess, 'env' | 'clock' | 'stdout' | 'ended'>>,
): Promise<void> => {
  const log = openLog(config)
  const { region, endpoint } = config
  const options = {
    env,
    clock,
    userAgent: `aws-secrets-manager-agent/2.0.0 keyplane-agent/${version}`,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  }
  const stop = new AbortController()
  const onEnd = (): void => stop.abort()
  void ended.then(onEnd, onEnd)
  const agent = await unlessAborted(
    stop.signal,
    startAgent({
      config,
      source: awsProvider(options),
      identity: (call) => awsIdentity(options, call),
      env,
      clock,
      log,
      announce: (line) => stdout(`${line}\n`),
      signal: stop.signal,
    }),
  )
  await ended
  log.info({}, 'Ending.')
  await agent?.close()
}

/** Nothing where it was called off: to be told to end is no failure. */
const unlessAborted = async <T>(signal: AbortSignal, started: Promise<T>): Promise<T | undefined> => {
  try {
    return await started
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Masked lines, into the file that the AWS agent uses or onto stdout. */
const openLog = ({ logLevel, logToFile }: AgentConfig): AgentLog => {
  const options = maskingHook({ pino: { level: logLevel === 'none' ? 'silent' : logLevel } })
  if (!logToFile) return pino(options)
  const path = 'logs/secrets_manager_agent.log'
  try {
    return pino(options, new LogFile(path))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError(
      'config_invalid',
      `The log file ${path} can't be opened (${code}); set log_to_file = false to log to stdout.`,
      { cause },
    )
  }
}

const untilSignal = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
