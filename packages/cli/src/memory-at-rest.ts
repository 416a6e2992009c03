import { memoryUsage, cpuUsage } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock, Timer } from '@keyplane/core'

export interface MemoryAtRestOptions {
  readonly clock: Clock
  /** Processor time of this process so far, in milliseconds. Default: what the system counts. */
  readonly cpuMs?: () => number
  /** What the heap takes, in use or not, in bytes. Default: as V8 says. */
  readonly heapBytes?: () => number
  /** Default: `collectEverything`. */
  readonly collect?: () => void
}

const lookEveryMs = 5_000
/** Under this share of one processor nobody is waiting behind the pause. */
const restingShare = 0.1
/** A pause of about a tenth of a second has to be worth it: so much the heap has grown since the last. */
const worthBytes = 24 * 1024 * 1024

const heapTotal = (): number => memoryUsage().heapTotal

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
  heapBytes = heapTotal,
  collect = collectEverything,
}: MemoryAtRestOptions): Timer => {
  let timer: Timer
  // What a start needs and leaves is worth it, too.
  let keptBytes = 0
  const look = (sinceMs: number): void => {
    timer = clock.after(lookEveryMs, () => {
      const rests = cpuMs() - sinceMs < restingShare * lookEveryMs
      if (rests && heapBytes() - keptBytes >= worthBytes) {
        collect()
        keptBytes = heapBytes()
      }
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
