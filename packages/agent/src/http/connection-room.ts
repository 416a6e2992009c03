import { readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/** Descriptors that are left for calls to the source, files and logs, where there are as many. */
const forOthers = 64

export interface ProcessFiles {
  /** The process's own limits, as proc(5) tells them. */
  readonly limits: () => string
  readonly openNow: () => number
}

const ofThisProcess: ProcessFiles = {
  limits: () => readFileSync('/proc/self/limits', 'latin1'),
  openNow: () => readdirSync('/proc/self/fd').length,
}

/** How many connections this process's limit of open files leaves room for; any number where the system does not tell. */
export const roomForConnections = ({ limits, openNow }: ProcessFiles = ofThisProcess): number => {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(limits()) ?? []
    const free = limit === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(limit) - openNow())
    return free - Math.min(forOthers, Math.ceil(free / 2))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/**
 * Counts the connections of all listeners. Whoever lets them come until no descriptor is left can't take the next one, nor
 * refuse it: it stays in the kernel's queue, and a runtime that asks for it again and again has time for nothing else.
 */
export class ConnectionRoom {
  readonly #max: number
  readonly #onFull: (max: number) => void
  #open = 0

  constructor(onFull: (max: number) => void, max: number = roomForConnections()) {
    this.#max = max
    this.#onFull = onFull
  }

  /** Takes the connection in until it closes, or ends it at once where there is no room: then it gives false. */
  take(socket: Socket): boolean {
    if (this.#open >= this.#max) {
      this.#onFull(this.#max)
      socket.destroy()
      return false
    }
    this.#open += 1
    socket.once('close', () => {
      this.#open -= 1
    })
    return true
  }
}
