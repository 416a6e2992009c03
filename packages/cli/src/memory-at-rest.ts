import { memoryUsage, cpuUsage } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock, Timer } from '@keyplane/core'

export interface MemoryAtRestOptions {
  readonly clock: Clock
  /** Processor time of this process so far, in milliseconds. Default: what the system counts. */
  readonly cpuMs?: () => number
  /** What the heap holds beyond what is in use, in bytes. Default: as V8 says. */
  readonly spareBytes?: () => number
  /** Default: `collectEverything`. */
  readonly collect?: () => void
}

const lookEveryMs = 5_000
/** Under this share of one processor nobody is waiting behind the pause. */
const restingShare = 0.02
/** A pause of about a tenth of a second has to be worth it. */
const worthBytes = 48 * 1024 * 1024

const heapSpare = (): number => {
  const { heapTotal, heapUsed } = memoryUsage()
  return heapTotal - heapUsed
}

const processorMs = (): number => {
  const { user, system } = cpuUsage()
  return (user + system) / 1_000
}

/**
 * Gives memory back to the system whenever the process rests: V8 keeps its young generation as large as the busiest moment
 * made it, which can be more than everything that is in use. Cancel it to end it.
 */
export const givingMemoryBackAtRest = ({
  clock,
  cpuMs = processorMs,
  spareBytes = heapSpare,
  collect = collectEverything,
}: MemoryAtRestOptions): Timer => {
  let timer: Timer
  const look = (sinceMs: number): void => {
    timer = clock.after(lookEveryMs, () => {
      if (cpuMs() - sinceMs < restingShare * lookEveryMs && spareBytes() >= worthBytes) collect()
      look(cpuMs())
    })
  }
  look(cpuMs())
  return { cancel: () => timer.cancel() }
}

/** The collection after which V8 shrinks its spaces; a plain one does not. It has no name in Node.js, only behind a flag. */
export const collectEverything = (): void => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as (options: object) => void
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
