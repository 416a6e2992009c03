/**
 * The command line as a function, for programs that embed it. Use `keyplane` itself wherever a process can be started; it
 * never prints a value that was not asked for by `--reveal`, and takes none from an argument list.
 */
export { main } from './main.ts'
