import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formArguments, root } from '../built.ts'
import { type Environment, startServer } from '../children.ts'

export interface BenchStore {
  /** Variables that lead a program to it. */
  readonly env: Environment
  stop(): Promise<void>
}

/** Keyplane's own store, in a process and a folder of its own. */
export const startBenchStore = async (): Promise<BenchStore> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-bench-'))
  const data = join(folder, 'data')
  const server = await startServer({
    file: process.execPath,
    args: [...formArguments, join(root, 'bench/keyplane.mjs'), 'store', '--port', '0', '--data', data, '--json'],
    cwd: folder,
    readyText: 'storeUrl',
  })
  const variables = [...readFileSync(join(data, 'aws.env'), 'utf8').matchAll(/^export (\w+)='(.*)'$/gm)]
  return {
    env: Object.fromEntries(variables.map(([, name = '', value = '']) => [name, value])),
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
