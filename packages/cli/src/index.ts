/** The command line as a function, for programs that embed it. What each command does stands in `commands/`. */
export { main } from './main.ts'
