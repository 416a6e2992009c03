import type { Clock, Timer } from '@keyplane/core'

interface Waiting {
  readonly dueAtMs: number
  /** Of two that are due together, the elder comes first. */
  readonly turn: number
  act: (() => void) | undefined
}

const isBefore = (a: Waiting, b: Waiting): boolean =>
  a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.turn < b.turn)

/** A clock for a simulated day: it jumps from event to event, and a hundred thousand timers cost it little. */
export class DayClock implements Clock {
  readonly #heap: Waiting[] = []
  #nowMs = 0
  #turns = 0

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  recentMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, act: () => void): Timer {
    this.#turns += 1
    const timer: Waiting = { dueAtMs: this.#nowMs + Math.max(0, delayMs), turn: this.#turns, act }
    this.#push(timer)
    return {
      cancel: () => {
        timer.act = undefined
      },
    }
  }

  /** Moves on to the moment; what falls due on the way runs, each with what it sets off. */
  async goTo(untilMs: number): Promise<void> {
    for (let next = this.#heap[0]; next && next.dueAtMs <= untilMs; next = this.#heap[0]) {
      this.#pop()
      if (!next.act) continue
      this.#nowMs = next.dueAtMs
      next.act()
      await settle()
    }
    this.#nowMs = untilMs
  }

  #push(timer: Waiting): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Waiting
      if (!isBefore(timer, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Waiting, heap[below] as Waiting)) below += 1
      if (!isBefore(heap[below] as Waiting, last)) break
      heap[at] = heap[below] as Waiting
      at = below
    }
    heap[at] = last
  }
}

/** Lets promises that are ready run to the end, and what waits for the end of a turn. */
export const settle = async (turns = 3): Promise<void> => {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
