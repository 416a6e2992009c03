import { durationMs, type SecretsError, SecretsError as SecretsFailure } from '@keyplane/core'
import { type ProviderName, providerNames, setting } from '@keyplane/providers/registry'
import type { SecretsLog } from './chain/reports.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the environment says about where secrets come from. */
export interface SecretsSettings {
  /** `SECRETS_PROVIDER`. Default: env. */
  readonly provider: ProviderName
  /** `SECRETS_CACHE_TTL`, in seconds or with a unit. Default: one hour. */
  readonly cacheTtlMs: number
  /** `SECRETS_AWS_REGION`; else AWS's own variables, else us-east-1. */
  readonly awsRegion?: string
  /** `SECRETS_STRICT`: throw failures instead of asking the next source. Default: false. */
  readonly strict: boolean
}

/**
 * The settings of the environment. Each `SECRETS_…` may also be written `KEYPLANE_…`, which wins.
 * @throws SecretsError `config_invalid`, with every problem in one message.
 */
export const readSettings = (env: Environment = processEnvironment): SecretsSettings => {
  const problems: string[] = []
  const provider = setting({ env }, 'PROVIDER') ?? 'env'
  if (!isProviderName(provider))
    problems.push(`SECRETS_PROVIDER: ${JSON.stringify(provider)} is none of ${providerNames.join(', ')}.`)
  const cacheTtlMs = collect(problems, () => durationMs(setting({ env }, 'CACHE_TTL') ?? '1h', 'SECRETS_CACHE_TTL'))
  const strict = setting({ env }, 'STRICT') ?? 'false'
  if (strict !== 'true' && strict !== 'false')
    problems.push(`SECRETS_STRICT: ${JSON.stringify(strict)} is neither true nor false.`)
  const awsRegion = setting({ env }, 'AWS_REGION')
  if (awsRegion !== undefined && !/^[a-z0-9-]+$/.test(awsRegion))
    problems.push(`SECRETS_AWS_REGION: ${JSON.stringify(awsRegion)} is no region's name; us-east-1 is one.`)
  if (problems.length > 0) throw new SecretsFailure('config_invalid', problems.join('\n'))
  return Object.freeze({
    provider: provider as ProviderName,
    cacheTtlMs: cacheTtlMs as number,
    strict: strict === 'true',
    ...(awsRegion !== undefined && { awsRegion }),
  })
}

export const isProviderName = (name: string): name is ProviderName =>
  (providerNames as readonly string[]).includes(name)

/** The process's own environment, live. */
export const processEnvironment: Environment = process.env

/** Warnings and errors on stderr, for programs that give no log of their own. */
export const stderrLog: SecretsLog = Object.freeze({
  warn: (message: string) => console.warn(`keyplane: ${message}`),
  error: (message: string) => console.error(`keyplane: ${message}`),
})

const collect = <T>(problems: string[], read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    problems.push((error as SecretsError).message)
    return undefined
  }
}
