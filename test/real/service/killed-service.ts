import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StateDatabase } from '@keyplane/service'

/** A service in another process, to be killed. */
export interface KilledService {
  readonly url: string
  /** All that it said. */
  said(): string
  kill(): Promise<void>
}

export const startKilledService = async (database: StateDatabase): Promise<KilledService> => {
  const program = fileURLToPath(new URL('./state-process.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['-C', 'source', program, JSON.stringify(database)])
  process.once('exit', () => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  while (!said.includes('\n')) {
    if (child.exitCode !== null) throw new Error(`The service ended: ${said}`)
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'exit')])
  }
  return {
    url: said.split('\n')[0] ?? '',
    said: () => said,
    kill: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
