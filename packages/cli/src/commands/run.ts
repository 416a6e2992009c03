import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { SecretsError, TextValue } from '@keyplane/core'
import type { SecretsManager } from '@keyplane/secrets'
import { aboutSecret } from '../about-secret.ts'
import { CannotRun } from '../cannot-run.ts'
import type { Context } from '../context.ts'
import { exactText } from '../exact-text.ts'
import { fieldOf } from '../json-field.ts'
import { type NamedField, parseNamedField } from '../named-field.ts'
import { openSource } from '../secret-source.ts'
import { UsageError } from '../usage-error.ts'

interface Mapping extends NamedField {
  readonly variable: string
}

/** Runs a program with secrets in its environment, and nowhere else. All are there, or it does not start. */
export const runProgram = async (
  { folder, env }: Context,
  mappings: readonly string[],
  childCommand: readonly string[] | undefined,
): Promise<number> => {
  const [command, ...args] = childCommand ?? []
  if (command === undefined)
    throw new UsageError('No command to run: write it after --, as in: keyplane run KEY=NAME -- CMD')
  const wanted = mappings.map(parseMapping)
  const secrets = openSource(folder, env)
  try {
    const variables = await readAll(secrets, wanted)
    return await runChild(command, args, { ...env, ...variables })
  } finally {
    await secrets.close()
  }
}

const parseMapping = (text: string): Mapping => {
  const [, variable, named] = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(text) ?? []
  if (variable === undefined || named === undefined)
    throw new UsageError(`${JSON.stringify(text)} is no mapping; write KEY=NAME or KEY=NAME#FIELD.`)
  return { variable, ...parseNamedField(named) }
}

/** @throws SecretsError with every secret that could not be had, under the code of the first. */
const readAll = async (
  secrets: SecretsManager,
  mappings: readonly Mapping[],
): Promise<Readonly<Record<string, string>>> => {
  const results = await Promise.allSettled(mappings.map((mapping) => readOne(secrets, mapping)))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as SecretsError] : []))
  const [first] = errors
  if (first)
    throw new SecretsError(first.code, errors.map(({ message }) => message).join('\n'), {
      cause: first,
      ...(first.reason !== undefined && { reason: first.reason }),
    })
  return Object.fromEntries(results.map((result) => (result as PromiseFulfilledResult<[string, string]>).value))
}

const readOne = async (secrets: SecretsManager, { variable, name, field }: Mapping): Promise<[string, string]> => {
  const { value } = (await secrets.read({ id: name }, { required: true }).catch(aboutSecret(name))).version
  const whole = exactText(value)
  const text =
    field === undefined || whole === undefined ? whole : exactText(new TextValue(fieldOf(value, field, name)))
  if (text === undefined)
    throw new SecretsError('invalid_request', `${JSON.stringify(name)} is no valid UTF-8, which ${variable} has to be.`)
  if (text.includes('\u0000'))
    throw new SecretsError('invalid_request', `${JSON.stringify(name)} holds a NUL byte, which ${variable} can't.`)
  return [variable, text]
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const

const runChild = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> =>
  new Promise((resolve, reject) => {
    // Before the child is there: it may signal us as its first act.
    const handlers = forwarded.map((signal) => ({ signal, pass: () => void child.kill(signal) }))
    for (const { signal, pass } of handlers) process.on(signal, pass)
    const child = spawn(command, args, { stdio: 'inherit', env })
    const letGo = (): void => {
      for (const { signal, pass } of handlers) process.removeListener(signal, pass)
    }
    child.on('error', ({ code }: NodeJS.ErrnoException) => {
      letGo()
      const isAbsent = code === 'ENOENT'
      const why = isAbsent ? 'there is no such command' : `it can't be run (${code})`
      reject(new CannotRun(`${command}: ${why}.`, isAbsent ? 'no_such_command' : 'not_executable'))
    })
    child.on('exit', (code, signal) => {
      letGo()
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
