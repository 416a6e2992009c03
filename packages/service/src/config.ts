import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { isLoopback } from '@keyplane/http'
import { clientsOf, rolesOf } from './config/clients-and-roles.ts'
import { alertsOf } from './config/alerts-of.ts'
import { checkDynamic, makesCredentials } from './config/dynamic-of.ts'
import { environmentOf } from './config/environment-of.ts'
import { perhaps } from './config/known-keys.ts'
import { limitsOf } from './config/limits-of.ts'
import { overlaidEnvironment, overlaidTools } from './config/overlaid.ts'
import { sharedCacheOf } from './config/shared-cache-of.ts'
import { readWritten } from './config/read-written.ts'
import { overlaySchema, serviceSchema } from './config/schema.ts'
import { stateOf } from './config/state-of.ts'
import type { EnvironmentConfig, ListenConfig, ServiceConfig, TlsConfig } from './config/service-config.ts'
import type { WrittenListener, WrittenOverlay, WrittenService } from './config/written.ts'
import { type Problem, YamlFile } from './config/yaml-file.ts'

/** A file's path and its text. */
export interface ConfigText {
  readonly path: string
  readonly text: string
}

/** A file and what it says. */
interface Read<T> {
  readonly file: YamlFile
  readonly written: T
}

/**
 * The configuration of a text and of its overlays, by environment. Relative paths begin at the text's folder.
 * @throws SecretsError `config_invalid` with a line for everything that is wrong, each with its file and line.
 */
export const parseServiceConfig = (
  main: ConfigText,
  overlays: ReadonlyMap<string, ConfigText> = new Map(),
): ServiceConfig => {
  const file = new YamlFile(main.text, main.path)
  const written = readWritten(file, serviceSchema)
  const over = new Map([...overlays].map(([name, { text, path }]) => [name, readOverlay(new YamlFile(text, path))]))
  const config = written && configOf({ file, written }, over)
  const problems = [file, ...[...over.values()].map((overlay) => overlay.file)].flatMap((each) => each.problems)
  if (!config || problems.length > 0) throw new SecretsError('config_invalid', told(problems))
  return config
}

/**
 * The configuration of a file, with `name.<environment>.yaml` beside it laid over.
 * @throws SecretsError `config_invalid`, as `parseServiceConfig`; where a file can't be read.
 */
export const readServiceConfig = (path: string): ServiceConfig => parseServiceConfig(...readConfigTexts(path))

/** What a file says, and what those laid over it say: as `parseServiceConfig` takes it. */
export type ConfigTexts = Parameters<typeof parseServiceConfig>

/** @throws SecretsError `config_invalid` where a file can't be read. */
export const readConfigTexts = (path: string): ConfigTexts => [{ path, text: read(path) }, overlaysBeside(path)]

/** By environment. Either spelling of the ending is one, whichever the file has. */
const overlaysBeside = (path: string): ReadonlyMap<string, ConfigText> => {
  const folder = dirname(path)
  const stem = `${basename(path).replace(/\.ya?ml$/, '')}.`
  const overlays = new Map<string, ConfigText>()
  for (const name of readdirSync(folder)) {
    const environment = name.startsWith(stem) ? /^(.+)\.ya?ml$/.exec(name.slice(stem.length))?.[1] : undefined
    if (environment === undefined) continue
    const [before, beside] = [overlays.get(environment), join(folder, name)]
    if (before)
      throw new SecretsError('config_invalid', `${before.path} and ${beside} are both laid over ${environment}.`)
    overlays.set(environment, { path: beside, text: read(beside) })
  }
  return overlays
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `The configuration file ${path} can't be read (${code}).`, { cause })
  }
}

const readOverlay = (file: YamlFile): Read<WrittenOverlay> => ({
  file,
  written: readWritten(file, overlaySchema) ?? {},
})

const configOf = (main: Read<WrittenService>, overlays: ReadonlyMap<string, Read<WrittenOverlay>>): ServiceConfig => {
  const { file, written } = main
  const environments = Object.keys(written.environments)
  if (environments.length === 0) file.complain(['environments'], 'must name at least one')
  for (const [name, overlay] of overlays)
    if (!environments.includes(name))
      overlay.file.complain([], `is laid over no environment${perhaps(name, environments)}`)
  checkKinds(main, overlays)
  const tools = [main, ...overlays.values()].flatMap(({ written: { tools: named = {} } }) => Object.keys(named))
  return Object.freeze({
    listen: listenOf(main),
    limits: limitsOf(written.limits),
    ...sharedCacheOf(written, file),
    ...stateOf(written, dirname(file.name), (path, what) => file.complain(path, what)),
    environments: new Map(environments.map((name) => [name, environmentIn(main, name, overlays.get(name))])),
    alerts: alertsOf(written, file),
    clients: clientsOf(written, file),
    roles: rolesOf(written, file, { environments, tools }),
  })
}

/** What is dynamic everywhere has to be so in some environment, what an overlay makes dynamic in its own. */
const checkKinds = (main: Read<WrittenService>, overlays: ReadonlyMap<string, Read<WrittenOverlay>>): void => {
  const { environments } = main.written
  const canMake = (name: string): boolean =>
    makesCredentials(overlaidEnvironment(environments[name] ?? {}, overlays.get(name)?.written.environment))
  checkDynamic(main.written.tools, Object.keys(environments).some(canMake), main.file)
  for (const [name, { file, written }] of overlays) checkDynamic(written.tools ?? {}, canMake(name), file)
}

const environmentIn = (
  { file, written }: Read<WrittenService>,
  name: string,
  overlay: Read<WrittenOverlay> | undefined,
): EnvironmentConfig => {
  const over = overlay?.written.environment
  return environmentOf({
    name,
    folder: dirname(file.name),
    written: overlaidEnvironment(written.environments[name] ?? {}, over),
    tools: overlaidTools(written.tools, overlay?.written.tools),
    // What an overlay changes is mended there.
    complain: (path, what) =>
      overlay && over
        ? overlay.file.complain(['environment', ...path], what)
        : file.complain(['environments', name, ...path], what),
  })
}

const listenOf = ({ file, written: { listen = {} } }: Read<WrittenService>): ListenConfig => {
  const { host = '127.0.0.1', port = 7780, proxies = [], tls } = listen
  if (!tls && !isLoopback(host)) file.complain(['listen', 'host'], 'is not this machine alone: that needs listen.tls')
  if (tls?.clientCertificates !== undefined && tls.clientCa === undefined)
    file.complain(['listen', 'tls', 'clientCertificates'], 'need clientCa: who vouches for them')
  const placed = (path: string): string => resolve(dirname(file.name), path)
  return Object.freeze({
    host,
    port,
    proxies,
    ...(tls && { tls: tlsOf(tls, placed) }),
  })
}

const tlsOf = (
  { certificate, key, clientCa, clientCertificates = 'required' }: NonNullable<WrittenListener['tls']>,
  placed: (path: string) => string,
): TlsConfig => ({
  certificate: placed(certificate),
  key: placed(key),
  ...(clientCa !== undefined && { clientCa: placed(clientCa), clientCertificates }),
})

const told = (problems: readonly Problem[]): string =>
  problems
    .toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
    .map(({ file, line, what }) => `${file}:${line}: ${what}${what.endsWith('?') ? '' : '.'}`)
    .join('\n')
