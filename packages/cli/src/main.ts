import { constants } from 'node:os'
import { SecretsError, toSecretsError } from '@keyplane/core'
import { CommanderError } from 'commander'
import { processEnvironment } from './config.ts'
import { openContext } from './context.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { hintFor } from './hints.ts'
import { Interrupted } from './interrupted.ts'
import { buildProgram } from './program.ts'
import { noField } from './json-field.ts'
import { UsageError } from './usage-error.ts'

/** What stands after `--` belongs to the command that is run, whatever it looks like. */
const splitAtDashes = (args: readonly string[]): [string[], string[] | undefined] => {
  const at = args.indexOf('--')
  return at < 0 ? [[...args], undefined] : [args.slice(0, at), args.slice(at + 1)]
}

/** Whoever read our output has gone: what runs on is told to end, anything else ends as by SIGPIPE, without a word. */
const endWithReader = (): ((error: NodeJS.ErrnoException) => void) => {
  let isEnding = false
  return ({ code }) => {
    // What is written on the way to the end fails likewise.
    if (isEnding) return
    isEnding = code === 'EPIPE' && process.emit('SIGTERM', 'SIGTERM')
    if (!isEnding) process.exit(code === 'EPIPE' ? 128 + constants.signals.SIGPIPE : exitCodes.error)
  }
}

/** The command line, from its arguments to the exit code. */
export const main = async (args: readonly string[] = process.argv.slice(2)): Promise<void> => {
  const onWriteError = endWithReader()
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onWriteError)
  const [own, childCommand] = splitAtDashes(args)
  const program = buildProgram({
    open: (flags) => openContext(flags, processEnvironment),
    childCommand,
    exit: (code) => {
      process.exitCode = code
    },
  })
  try {
    if (own.length === 0) program.outputHelp()
    else await program.parseAsync(own, { from: 'user' })
  } catch (thrown) {
    process.exitCode = thrown instanceof CommanderError ? usageCode(thrown) : report(thrown, own)
  }
}

/** The parser has said what was wrong; help that was asked for is no error. */
const usageCode = ({ exitCode }: CommanderError): number => (exitCode === 0 ? exitCodes.ok : exitCodes.usage)

const report = (thrown: unknown, args: readonly string[]): number => {
  if (thrown instanceof Interrupted) return 128 + constants.signals.SIGINT
  if (thrown instanceof UsageError) {
    process.stderr.write(`keyplane: ${thrown.message}\n`)
    return exitCodes.usage
  }
  const error = toSecretsError(thrown)
  const hint = hintFor(error)
  const { code, message, reason } = error
  if (args.includes('--json'))
    process.stderr.write(
      `${JSON.stringify({ error: { code, message, ...(reason && { reason }), ...(hint && { hint }) } })}\n`,
    )
  else {
    process.stderr.write(`keyplane: ${message}\n`)
    if (hint) process.stderr.write(`  ${hint}\n`)
    if (!(thrown instanceof SecretsError)) process.stderr.write(`${(thrown as Error)?.stack ?? String(thrown)}\n`)
  }
  return reason === noField ? exitCodes.absent : exitCodeOf[code]
}
