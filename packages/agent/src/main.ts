import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import { askReady } from './ask-ready.ts'
import type { AuditBatches } from './audit/read-trail.ts'
import { processEnvironment, readAgentConfig } from './config.ts'
import type { AgentConfig, SourceName } from './config/agent-config.ts'
import { HeldLines } from './held-lines.ts'
import { launchAgent } from './launch-agent.ts'
import { openAgentLog } from './open-log.ts'
import { version } from './version.ts'

/** Where the AWS provider looks for its configuration. */
const providerConfig = '/etc/aws-workload-credentials-provider/config.toml'

const usage = (command: string): string => `Usage: ${command} [-c FILE]
       ${command} sm start [-c FILE]
       ${command} audit verify FOLDER

Serves secrets to programs on this machine, as the AWS Secrets Manager Agent does: one HTTP endpoint on loopback, a token
in a header, values cached in memory.

  -c, --config FILE   TOML, as for the AWS agent or the AWS Workload Credentials Provider; ours under [keyplane].
                      Default: none, all defaults; with sm start ${providerConfig}
                      where it is there
      --persist FILE  Keeps answers in FILE, sealed, for a restart while the source is away; with --persist-key FILE,
                      32 bytes in base64: (umask 077; openssl rand -base64 32 > FILE). Default: off
      --healthcheck   Asks the agent that runs by this configuration whether it is ready: exit code 0, or 1 and why not
  -h, --help          This text
      --version       The version

The token comes from KEYPLANE_AGENT_TOKEN, AWS_TOKEN, AWS_SESSION_TOKEN or AWS_CONTAINER_AUTHORIZATION_TOKEN, the first
that is set; file://PATH reads a file.

Examples:
  AWS_TOKEN=file:///var/run/awssmatoken ${command} --config agent.toml
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
  /** Opens the audit log of a folder. Default: none can be, which a configuration that wants one is told. */
  readonly openAudit?: (folder: string) => Promise<AuditBatches>
  /** The file that `sm start` reads, where it is there, if none is named. Default: the AWS provider's own. */
  readonly providerConfigFile?: string
  /** What its usage calls it. Default: `keyplane agent`. */
  readonly command?: string
  /** Sources whose SDK can't be loaded here, which a configuration that wants one is told. Default: none. */
  readonly withoutSources?: readonly SourceName[]
}

/**
 * The agent as a command, from its arguments to its end. Gives the exit code: 0 after a clean end, 1 for whatever is
 * wrong with arguments, configuration, token or credentials, as the AWS agent does; 2 for wrong arguments of `sm start`,
 * as its successor does.
 */
export const runAgent = async (
  args: readonly string[],
  {
    env = processEnvironment,
    clock = systemClock,
    stdout = (text) => void process.stdout.write(text),
    stderr = (text) => void process.stderr.write(text),
    ended,
    openAudit,
    providerConfigFile = providerConfig,
    command = 'keyplane agent',
    withoutSources = [],
  }: AgentProcess = {},
): Promise<number> => {
  // The AWS Workload Credentials Provider is started by `sm start`.
  const isProvider = args[0] === 'sm' && args[1] === 'start'
  try {
    const options = readArguments(isProvider ? args.slice(2) : args, command)
    if (options.help) stdout(usage(command))
    else if (options.version) stdout(`keyplane-agent ${version}\n`)
    else {
      const file = options.config ?? (isProvider ? fileIfThere(providerConfigFile) : undefined)
      const config = withFlags(readAgentConfig(file), options)
      if (withoutSources.includes(config.source))
        throw new SecretsError('config_invalid', `${command} carries no SDK for keyplane.source = "${config.source}".`)
      if (options.healthcheck) {
        await askReady(config)
        stdout('ready\n')
      } else if (config.enabled)
        await serve(config, { env, clock, stdout, ended: ended ?? untilSignal(), ...(openAudit && { openAudit }) })
      else stdout('Secrets Manager is not enabled\n')
    }
    return 0
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error
    stderr(`${error.message}\n`)
    return isProvider && error.reason === 'usage' ? 2 : 1
  }
}

const fileIfThere = (path: string): string | undefined => (existsSync(path) ? path : undefined)

interface Arguments {
  readonly config?: string
  readonly persist?: string
  readonly 'persist-key'?: string
  readonly healthcheck?: boolean
  readonly help?: boolean
  readonly version?: boolean
}

/** What the command line says stands above the file. */
const withFlags = (config: AgentConfig, { persist, 'persist-key': key }: Arguments): AgentConfig => {
  const persistFile = persist ?? config.persistFile
  const persistKeyFile = key ?? config.persistKeyFile
  if ((persistFile === undefined) !== (persistKeyFile === undefined))
    throw new SecretsError('config_invalid', '--persist and --persist-key go together: what is kept is sealed.')
  if (persistFile === undefined || persistKeyFile === undefined) return config
  return Object.freeze({ ...config, persistFile, persistKeyFile })
}

const readArguments = (args: readonly string[], command: string): Arguments => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c' },
        persist: { type: 'string' },
        'persist-key': { type: 'string' },
        healthcheck: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
    return values
  } catch (cause) {
    throw new SecretsError('config_invalid', `${(cause as Error).message}\n\n${usage(command)}`, { reason: 'usage' })
  }
}

type ServeParts = Required<Pick<AgentProcess, 'env' | 'clock' | 'stdout' | 'ended'>> & Pick<AgentProcess, 'openAudit'>

const serve = async (config: AgentConfig, parts: ServeParts): Promise<void> => {
  const lines = new HeldLines(parts.stdout)
  try {
    await listenUntilEnded(config, parts, lines)
  } finally {
    lines.release()
  }
}

const listenUntilEnded = async (config: AgentConfig, parts: ServeParts, lines: HeldLines): Promise<void> => {
  const { env, clock, stdout, ended, openAudit } = parts
  const log = openAgentLog(config, lines)
  const stop = new AbortController()
  const onEnd = (): void => stop.abort()
  void ended.then(onEnd, onEnd)
  const announce = (line: string): void => {
    stdout(`${line}\n`)
    lines.release()
  }
  const options = { env, clock, log, announce, signal: stop.signal, ...(openAudit && { openAudit }) }
  const agent = await unlessAborted(stop.signal, launchAgent(config, options))
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

const untilSignal = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
