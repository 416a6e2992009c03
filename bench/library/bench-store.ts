import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../children.ts'
import { startOwnStore } from '../own-store.ts'

export interface BenchStore {
  /** Variables that lead a program to it. */
  readonly env: Environment
  stop(): Promise<void>
}

/** Keyplane's own store, with what leads AWS's tools to it. */
export const startBenchStore = async (): Promise<BenchStore> => {
  const { data, stop } = await startOwnStore()
  const variables = [...readFileSync(join(data, 'aws.env'), 'utf8').matchAll(/^export (\w+)='(.*)'$/gm)]
  return { env: Object.fromEntries(variables.map(([, name = '', value = '']) => [name, value])), stop }
}
