import { constants } from 'node:os'
import { SecretsError, toSecretsError } from '@keyplane/core'
import { CommanderError } from 'commander'
import { CannotRun } from './cannot-run.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { hintFor } from './hints.ts'
import { Interrupted } from './interrupted.ts'
import { noField } from './json-field.ts'
import { UsageError } from './usage-error.ts'

/** A failure as `--json` shows it. */
interface Failure {
  /** An error code of `@keyplane/core`, or one of the command line's own. */
  readonly code: string
  readonly message: string
  readonly reason?: string
  /** What to do about it. */
  readonly hint?: string
}

export interface FailureOutput {
  readonly json: boolean
  readonly write: (text: string) => void
}

/** Says why a command failed: in words, or with `--json` as one object on one line. Gives the exit code. */
export const tellFailure = (thrown: unknown, { json, write }: FailureOutput): number => {
  if (thrown instanceof Interrupted) return 128 + constants.signals.SIGINT
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok
  const failure = failureOf(thrown)
  write(json ? `${JSON.stringify({ error: failure })}\n` : inWords(thrown, failure))
  return codeOf(thrown)
}

const failureOf = (thrown: unknown): Failure => {
  if (thrown instanceof CommanderError) return parserFailure(thrown)
  if (thrown instanceof UsageError) return { code: 'usage', message: thrown.message }
  if (thrown instanceof CannotRun) return { code: thrown.code, message: thrown.message }
  const error = toSecretsError(thrown)
  const hint = hintFor(error)
  const { code, message, reason } = error
  return { code, message, ...(reason !== undefined && { reason }), ...(hint !== undefined && { hint }) }
}

/** The parser's own form: `error: …`, and in parentheses on the next line what was meant. */
const parserFailure = ({ code, message }: CommanderError): Failure => {
  if (code === 'commander.help') return { code: 'usage', message: 'A command is missing; see: keyplane help' }
  const [, what = message, hint] = /^error: (.*?)(?:\n\((.*)\))?$/s.exec(message) ?? []
  return { code: 'usage', message: what, ...(hint !== undefined && { hint }) }
}

const inWords = (thrown: unknown, { message, hint }: Failure): string => {
  if (thrown instanceof CommanderError) return thrown.code === 'commander.help' ? '' : `${thrown.message}\n`
  const words = `keyplane: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`
  const isExpected = [SecretsError, UsageError, CannotRun].some((kind) => thrown instanceof kind)
  return isExpected ? words : `${words}${(thrown as Error)?.stack ?? String(thrown)}\n`
}

const codeOf = (thrown: unknown): number => {
  if (thrown instanceof CommanderError || thrown instanceof UsageError) return exitCodes.usage
  if (thrown instanceof CannotRun)
    return thrown.code === 'no_such_command' ? exitCodes.noSuchCommand : exitCodes.notExecutable
  const { code, reason } = toSecretsError(thrown)
  return reason === noField ? exitCodes.absent : exitCodeOf[code]
}
