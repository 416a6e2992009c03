import { constants } from 'node:os'
import { processEnvironment } from './config.ts'
import { openContext } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import { tellFailure } from './tell-failure.ts'

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
  const json = own.includes('--json')
  const program = buildProgram({
    helpUnasked: (text) => void (json || process.stderr.write(text)),
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
    process.exitCode = tellFailure(thrown, { json, write: (text) => void process.stderr.write(text) })
  }
}
