import { resolve } from 'node:path'
import { makesCredentials, ofBothKinds } from './dynamic-of.ts'
import { variableOf } from '../environments/variable-of.ts'
import type { EnvironmentConfig, SecretConfig, SourceConfig, ToolConfig } from './service-config.ts'
import type { WrittenEnvironment, WrittenFallback, WrittenSecret, WrittenTool, WrittenTools } from './written.ts'

/** Tells what is wrong with a member of the environment. */
export type Complain = (path: readonly PropertyKey[], what: string) => void

export interface EnvironmentParts {
  readonly name: string
  /** Where relative paths begin. */
  readonly folder: string
  readonly written: WrittenEnvironment
  readonly tools: WrittenTools
  readonly complain: Complain
}

const defaultTtlMs = 300_000
const defaultPollMs = 15_000
const leastPollMs = 1_000
const defaultLeaseBudget = 10
/** In production replicas share what their sources answered, and a start survives that a source is away. */
const defaultCache = (name: string): 'redis' | 'local' => (name === 'production' ? 'redis' : 'local')

/** The environment that is meant, after what is wrong with it was told. */
export const environmentOf = ({ name, folder, written, tools, complain }: EnvironmentParts): EnvironmentConfig => {
  const { cache = defaultCache(name), ttl = defaultTtlMs, maxStale = 0, fallback = [], warm = true } = written
  const { pollInterval = defaultPollMs, leases = {} } = written
  if (cache === 'none' && maxStale > 0) complain(['maxStale'], 'needs a cache, and cache is none')
  if (pollInterval > 0 && pollInterval < leastPollMs) complain(['pollInterval'], 'must be 0 or at least 1s')
  const own = sourceOf(written, { folder, complain, choices: ['source'] })
  const fallbacks = fallback.map((each, index) =>
    sourceOf(each, {
      folder,
      complain: (path, what) => complain(['fallback', index, ...path], what),
      choices: ['source', 'env', 'file'],
    }),
  )
  const sources = [own, ...fallbacks] as const
  const canMake = makesCredentials(written)
  const read = new Map(Object.entries(tools).map(([tool, each]) => [tool, toolOf(each, canMake)]))
  for (const ref of ofBothKinds(read)) complain([], `${ref} is dynamic for one secret and static for another`)
  if (sources.some(hasVariables)) for (const twins of sameVariable(read)) complain([], `${twins} one variable`)
  return Object.freeze({
    name,
    sources,
    warms: warm,
    cache,
    ttlMs: ttl,
    maxStaleMs: maxStale,
    pollIntervalMs: pollInterval,
    leaseBudget: leases.budget ?? defaultLeaseBudget,
    tools: read,
  })
}

interface SourceParts {
  readonly folder: string
  readonly complain: Complain
  readonly choices: readonly (keyof WrittenFallback)[]
}

const sourceOf = (written: WrittenFallback, { folder, complain, choices }: SourceParts): SourceConfig => {
  const { source = 'memory', mount, variables = {}, env, file } = written
  const chosen = choices.filter((choice) => written[choice] !== undefined)
  if (chosen.length !== 1)
    complain([], `has ${chosen.length === 0 ? 'no source' : 'several sources'}: give ${choices.join(' or ')}`)
  if (mount !== undefined && source !== 'file') complain(['mount'], 'is for the source file')
  if (written.variables && (chosen[0] !== 'source' || mount !== undefined))
    complain(['variables'], 'are for a source that is configured by variables')
  if (env !== undefined) return { kind: 'env', file: resolve(folder, env) }
  const place = file ?? mount
  return place === undefined
    ? { kind: 'named', name: source, variables }
    : { kind: 'file', folder: resolve(folder, place) }
}

const toolOf = ({ settings = {}, secrets = {} }: WrittenTool, canMake: boolean): ToolConfig => ({
  settings,
  secrets: new Map(Object.entries(secrets).map(([name, secret]) => [name, secretOf(secret, canMake)])),
})

const secretOf = ({ ref, maxStale, jsonKey, kind }: WrittenSecret, canMake: boolean): SecretConfig => ({
  ref,
  ...(maxStale !== undefined && { maxStaleMs: maxStale }),
  ...(jsonKey !== undefined && { jsonKey }),
  ...(kind === 'dynamic' && canMake && { dynamic: true as const }),
})

/** Whether the source knows secrets as variables. */
export const hasVariables = (source: SourceConfig): boolean =>
  source.kind === 'env' || (source.kind === 'named' && ['env', 'github-actions'].includes(source.name))

/** Secrets that the environment could not tell apart. */
const sameVariable = (tools: ReadonlyMap<string, ToolConfig>): readonly string[] => {
  const refs = new Set([...tools.values()].flatMap(({ secrets }) => [...secrets.values()].map(({ ref }) => ref)))
  const first = new Map<string, string>()
  return [...refs].toSorted().flatMap((ref) => {
    const twin = first.get(variableOf(ref))
    if (twin === undefined) first.set(variableOf(ref), ref)
    return twin === undefined ? [] : `${twin} and ${ref} would be`
  })
}
