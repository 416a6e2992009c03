import { processEnvironment } from './config.ts'
import { openContext } from './context.ts'
import { endWithReader } from './end-with-reader.ts'
import { buildProgram } from './program.ts'
import { tellFailure } from './tell-failure.ts'

/** What stands after `--` belongs to the command that is run, whatever it looks like. */
const splitAtDashes = (args: readonly string[]): [string[], string[] | undefined] => {
  const at = args.indexOf('--')
  return at < 0 ? [[...args], undefined] : [args.slice(0, at), args.slice(at + 1)]
}

/** The command line, from its arguments to the exit code. */
export const main = async (args: readonly string[] = process.argv.slice(2)): Promise<void> => {
  endWithReader()
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
