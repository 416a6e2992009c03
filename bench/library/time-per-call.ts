import { median } from '../statistics.ts'

/** Median microseconds of a call, by name. */
export type Times = Readonly<Record<string, number>>

type Calls = Readonly<Record<string, () => unknown>>

/** How long a batch of calls should last, so that the clock's grain does not matter. */
const batchMs = 20
const rounds = 21

const timeBatch = async (call: () => unknown, count: number, waits: boolean): Promise<number> => {
  const fromMs = performance.now()
  if (waits) for (let index = 0; index < count; index += 1) await call()
  else for (let index = 0; index < count; index += 1) call()
  return performance.now() - fromMs
}

/** How many calls fill a batch, once the call is warm: its first one may fetch what the others find. */
const batchSize = async (call: () => unknown, waits: boolean): Promise<number> => {
  await call()
  await timeBatch(call, 2_000, waits)
  let count = 1
  for (let ms = 0; ms < batchMs / 2 && count < 10_000_000; count *= 2) ms = await timeBatch(call, count, waits)
  return count
}

/** Batches of each call in turn, so that what else the machine does meets them alike; the median over the rounds. */
export const timePerCall = async (calls: Calls, { waits }: { readonly waits: boolean }): Promise<Times> => {
  const sizes = new Map<string, number>()
  for (const [name, call] of Object.entries(calls)) sizes.set(name, await batchSize(call, waits))
  const times = new Map<string, number[]>(Object.keys(calls).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1)
    for (const [name, call] of Object.entries(calls)) {
      const count = sizes.get(name) ?? 1
      times.get(name)?.push(((await timeBatch(call, count, waits)) / count) * 1_000)
    }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]))
}

export interface Act {
  /** Not counted. */
  readonly before?: () => unknown
  readonly act: () => unknown
}

/** For acts that are not the same twice in a row, or wait for somebody else: each timed by itself. */
export const timeEach = async (acts: Readonly<Record<string, Act>>, count: number): Promise<Times> => {
  const times = new Map<string, number[]>(Object.keys(acts).map((name) => [name, []]))
  for (let index = 0; index < count; index += 1)
    for (const [name, { before, act }] of Object.entries(acts)) {
      await before?.()
      const fromMs = performance.now()
      await act()
      times.get(name)?.push((performance.now() - fromMs) * 1_000)
    }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]))
}
