import type { Clock } from '@keyplane/core'
import type { Terminal } from './terminal.ts'

/** Between two words about how far it is. */
const everyMs = 3_000

/** Tells on stderr how far long work has come: every three seconds, and not at all where it is over before. */
export const progress = (terminal: Terminal, clock: Clock, unit: string): ((done: number) => void) => {
  let toldAtMs = clock.monotonicMs()
  return (done) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - toldAtMs < everyMs) return
    toldAtMs = nowMs
    terminal.words(`${done.toLocaleString('en')} ${unit} …`)
  }
}
