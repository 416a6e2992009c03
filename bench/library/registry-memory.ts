/** `node --expose-gc registry-memory.ts`: prints the bytes that a masking registry keeps for 100 values of 1 KB. */
import { randomBytes } from 'node:crypto'
import { createValueRegistry, type ValueRegistry } from '@keyplane/masking'

const { gc } = globalThis as { gc?: () => void }
if (!gc) throw new Error('Usage: node --expose-gc registry-memory.ts')

const usedBytes = async (): Promise<number> => {
  for (let turn = 0; turn < 5; turn += 1) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The values are there before: the cache holds them, the registry only refers to them. */
const valuesOf = (count: number): string[] => Array.from({ length: count }, () => randomBytes(768).toString('base64'))

const fill = (values: readonly string[]): ValueRegistry => {
  const registry = createValueRegistry()
  for (const value of values) registry.hold(value)
  return registry
}

/** Many registries, since one is less than the heap's own noise. */
const count = 20
// The code is compiled before anything is counted.
const kept: ValueRegistry[] = Array.from({ length: 50 }, () => fill(valuesOf(100)))
const values = Array.from({ length: count }, () => valuesOf(100))
const before = await usedBytes()
for (const own of values) kept.push(fill(own))
process.stdout.write(String(((await usedBytes()) - before) / count))
if (kept.some(({ size }) => size !== 100)) throw new Error('A value was not taken.')
