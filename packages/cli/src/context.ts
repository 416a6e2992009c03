import { type Clock, type Random, systemClock, systemRandom } from '@keyplane/core'
import { type DataFolder, DataFolder as Folder, findDataFolder } from './data-folder/data-folder.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly color?: boolean
  readonly data?: string
}

/** What a command works with; nothing else is read from the process. */
export interface Context {
  readonly folder: DataFolder
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly stdin: NodeJS.ReadStream
  /** Resolves when the process is asked to end, with the signal's name. */
  readonly untilEnded: () => Promise<NodeJS.Signals>
}

export const openContext = (flags: GlobalFlags, env: Context['env']): Context => ({
  folder: flags.data === undefined ? findDataFolder(process.cwd()) : new Folder(flags.data, { isNamed: true }),
  terminal: openTerminal({ ...flags, env, stdout: process.stdout, stderr: process.stderr }),
  env,
  clock: systemClock,
  random: systemRandom,
  stdin: process.stdin,
  untilEnded: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
    }),
})

/** A command: gives the process's exit code. Its options are those that `program.ts` declares for it. */
export type Command<Options = object> = (context: Context, args: readonly string[], options: Options) => Promise<number>
