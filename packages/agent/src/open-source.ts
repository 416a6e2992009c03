import { type Clock, type SecretProvider, SecretsError } from '@keyplane/core'
import {
  awsIdentity,
  type AwsProviderOptions,
  awsProvider,
  openProvider,
  ssmProvider,
} from '@keyplane/secrets/providers'
import type { Identity } from './check-identity.ts'
import type { AgentConfig } from './config/agent-config.ts'
import { credentialsFile } from './credentials-file.ts'
import { metered } from './metrics/metered.ts'
import type { UpstreamMeter } from './metrics/upstream-meter.ts'
import type { NamesQuery } from './prefetch.ts'
import { version } from './version.ts'
import { tokenVariablesOf, withoutTokens } from './without-tokens.ts'

export interface OpenSourceParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly upstream: UpstreamMeter
  readonly log: { warn(facts: object, message: string): void }
}

/** Where secrets come from, and what else the agent asks there. */
export interface OpenedSource {
  readonly source: SecretProvider
  readonly parameters?: SecretProvider
  readonly names: (query: NamesQuery, call: { readonly signal: AbortSignal }) => AsyncIterable<string>
  readonly identity?: Identity
}

/** The source that the configuration names. @throws SecretsError `config_invalid` where it can't be had. */
export const openSource = async (config: AgentConfig, parts: OpenSourceParts): Promise<OpenedSource> => {
  const aws = awsOptions(config, parts)
  const { upstream, clock } = parts
  const parameters = config.lambdaExtension ? { parameters: metered(ssmProvider(aws), upstream, clock) } : {}
  return {
    ...(config.source === 'aws' ? awsSource(config, aws, parts) : await namedSource(config, parts)),
    ...parameters,
  }
}

/** Of everything that is asked of AWS, for STS first. */
const awsOptions = (
  { region, endpoint, stsEndpoint = ownEndpoint(endpoint), credentialsFile: file }: AgentConfig,
  { env, clock, log }: OpenSourceParts,
): AwsProviderOptions => ({
  env,
  clock,
  userAgent: `aws-secrets-manager-agent/2.0.0 keyplane-agent/${version}`,
  ...(region !== undefined && { region }),
  ...(stsEndpoint !== undefined && { stsEndpoint }),
  ...(file !== undefined && { credentials: credentialsFile(file, { onProblem: (text) => log.warn({}, text) }) }),
})

/** An endpoint that is not AWS's own is STS too: Keyplane's store, a double of AWS. AWS's own for secrets is not. */
const ownEndpoint = (endpoint: string | undefined): string | undefined =>
  endpoint === undefined || /\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname) ? undefined : endpoint

const awsSource = (
  { endpoint, maxRoles, credentialsFile: file }: AgentConfig,
  aws: AwsProviderOptions,
  { upstream }: OpenSourceParts,
): OpenedSource => {
  const source = awsProvider({
    ...aws,
    maxRoles,
    onCall: (call) => upstream.note(call),
    ...(endpoint !== undefined && { endpoint }),
  })
  return {
    source,
    names: (query, call) => source.names(query, call),
    // A file's credentials may come later than the agent.
    ...(file === undefined && { identity: (call) => awsIdentity(aws, call) }),
  }
}

/** Any other, by the environment's settings, as the library opens it. */
const namedSource = async (
  config: AgentConfig,
  { env, clock, upstream, log }: OpenSourceParts,
): Promise<OpenedSource> => {
  const { source: name, region } = config
  const onProblem = (problem: string): void => log.warn({ source: name }, problem)
  const settings = { env, clock, onProblem, ...(region !== undefined && { awsRegion: region }) }
  const opened = await openProvider(name, settings)
  const served = name === 'env' ? withoutTokens(opened, tokenVariablesOf(config)) : opened
  const source = metered(served, upstream, clock)
  return { source, names: (query, call) => listedNames(source, query, call) }
}

async function* listedNames(
  { name, list }: SecretProvider,
  { prefix = '', tagKey }: NamesQuery,
  call: { readonly signal: AbortSignal },
): AsyncGenerator<string> {
  if (!list || tagKey !== undefined)
    throw new SecretsError('unsupported', `The source ${name} can't tell its secrets' names${list ? ' by tag' : ''}.`)
  for await (const { name: found } of list.list({ prefix }, call)) if (found.startsWith(prefix)) yield found
}
