import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { functionRuntimes, type LocalFunction } from './local-function.ts'

const keys = ['name', 'runtime', 'handler', 'folder', 'environment', 'timeoutSeconds'] as const
/** The store waits no longer for a step. */
const maxSeconds = 60

/**
 * Reads the functions of a JSON file, `{ "functions": [{ "name", "runtime", "handler", "folder", … }] }`; folders are
 * relative to it. @throws SecretsError `config_invalid`
 */
export const readFunctionsFile = (path: string): readonly LocalFunction[] => {
  const fail = (why: string): never => {
    throw new SecretsError('config_invalid', `The functions file ${path} ${why}.`)
  }
  const parsed = parsedJson(path, fail)
  const { functions, ...others } = (parsed ?? {}) as { readonly functions?: unknown }
  if (!Array.isArray(functions) || Object.keys(others).length > 0) return fail('is not {"functions": […]}')
  const read = functions.map((given, index) =>
    readFunction(given, dirname(path), (why) => fail(`: function ${index} ${why}`)),
  )
  const twice = read.find(({ name }, index) => read.findIndex((other) => other.name === name) < index)
  return twice ? fail(`names ${twice.name} twice`) : read
}

const parsedJson = (path: string, fail: (why: string) => never): unknown => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return fail(`can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
  try {
    return JSON.parse(text)
  } catch {
    return fail('is not JSON')
  }
}

const readFunction = (given: unknown, base: string, fail: (why: string) => never): LocalFunction => {
  if (typeof given !== 'object' || given === null) return fail('is no object')
  const row = given as Readonly<Record<string, unknown>>
  const unknown = Object.keys(row).find((key) => !keys.some((known) => known === key))
  if (unknown !== undefined) return fail(`has ${JSON.stringify(unknown)}, which is none of ${keys.join(', ')}`)
  const { name, runtime, handler, folder, environment = {}, timeoutSeconds = 30 } = row
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) return fail('needs a name of letters, digits, - and _')
  const runs = functionRuntimes.find((each) => each === runtime)
  if (!runs) return fail(`needs a runtime: ${functionRuntimes.join(' or ')}`)
  if (typeof handler !== 'string' || !/^[\w/-]+\.\w+$/.test(handler)) return fail('needs a handler, like index.handler')
  if (typeof folder !== 'string' || folder === '') return fail('needs a folder')
  if (!isEnvironment(environment)) return fail('has an environment that is no object of texts')
  if (typeof timeoutSeconds !== 'number' || !(timeoutSeconds > 0 && timeoutSeconds <= maxSeconds))
    return fail(`has timeoutSeconds that are not above 0, up to ${maxSeconds}`)
  return { name, runtime: runs, handler, folder: resolve(base, folder), environment, timeoutMs: timeoutSeconds * 1_000 }
}

const isEnvironment = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((each) => typeof each === 'string')
