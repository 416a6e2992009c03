import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { parse, TomlError } from 'smol-toml'
import type { AgentConfig, ConfigParts } from './config/agent-config.ts'
import { flatSchema, nestedSchema, nestedSections } from './config/agent-schema.ts'
import { contradictions } from './config/cross-checks.ts'
import { type Problem, TableReader } from './config/read-table.ts'
import { tomlLines } from './config/toml-lines.ts'

/**
 * The configuration that a TOML text holds: the AWS agent's flat keys, or its successor's sections.
 * @throws SecretsError `config_invalid`, with every problem, its line and its bound in one message.
 */
export const parseAgentConfig = (text: string, file = 'the configuration'): AgentConfig => {
  const table = parseToml(text, file)
  const reader = new TableReader(tomlLines(text))
  const isNested = Object.keys(table).some((key) => nestedSections.includes(key.toLowerCase()))
  const { mixed, read } = isNested ? withoutFlatKeys(table) : { mixed: [], read: table }
  for (const key of mixed) reader.complain([key], 'stands beside sections: it belongs into one of them')
  const parts = reader.read(isNested ? nestedSchema : flatSchema, { table: read, path: [] })
  const merged = Object.assign({ enabled: true }, ...parts) as ConfigParts
  for (const { path, what } of contradictions(merged)) reader.complain(path, what)
  if (reader.problems.length > 0) throw new SecretsError('config_invalid', toldProblems(reader.problems, file))
  return configOf(merged)
}

/** The configuration of a file; the defaults where none is named. @throws SecretsError `config_invalid`. */
export const readAgentConfig = (file?: string): AgentConfig => {
  if (file === undefined) return parseAgentConfig('')
  try {
    return parseAgentConfig(readFileSync(file, 'utf8'), file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (cause instanceof SecretsError) throw cause
    throw new SecretsError('config_invalid', `The configuration file ${file} can't be read (${code}).`, { cause })
  }
}

const parseToml = (text: string, file: string): Record<string, unknown> => {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // Only the place: the message itself quotes the text around it.
    throw new SecretsError('config_invalid', `${file}:${cause.line}:${cause.column}: this is not TOML.`)
  }
}

/** Flat keys among sections would be passed over by the AWS provider, or refused: nobody can mean them. */
const withoutFlatKeys = (table: Record<string, unknown>) => {
  const mixed = Object.keys(table).filter((key) => Object.hasOwn(flatSchema, key.toLowerCase()) && !isOwn(key))
  return { mixed, read: Object.fromEntries(Object.entries(table).filter(([key]) => !mixed.includes(key))) }
}

const isOwn = (key: string): boolean => key.toLowerCase() === 'keyplane'

const toldProblems = (problems: readonly Problem[], file: string): string =>
  problems
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ key, line, what }) => {
      const at = line === undefined ? file : `${file}:${line}`
      return `${at}: ${key} ${what}${what.endsWith('?') ? '' : '.'}`
    })
    .join('\n')

const configOf = ({
  prefetchCacheRatio: cacheRatio,
  prefetchMaxJitterMs: maxJitterMs,
  prefetchSecrets: secrets,
  prefetchTags: filterTags,
  prefetchPrefixes: prefixes,
  ...rest
}: ConfigParts): AgentConfig => {
  const prefetch = Object.freeze({
    cacheRatio,
    maxJitterMs,
    secrets: Object.freeze(secrets),
    filterTags: Object.freeze(filterTags),
    prefixes,
  })
  // A port for Vault's dialect says that it is spoken.
  const isUnnamed = rest.vaultPort !== undefined && rest.vaultMounts.length === 0
  const vaultMounts = isUnnamed ? Object.freeze(['secret']) : rest.vaultMounts
  return Object.freeze({ ...rest, vaultMounts, prefetch })
}

/** The process's own environment, live. */
export const processEnvironment: Readonly<Record<string, string | undefined>> = process.env
