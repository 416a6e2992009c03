import type { Clock } from '@keyplane/core'

const againAfterMs = 600_000

/** Tells each thing once in ten minutes. */
export const onceIn = (clock: Clock, tell: (text: string) => void): ((text: string) => void) => {
  const toldAtMs = new Map<string, number>()
  return (text) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - (toldAtMs.get(text) ?? Number.NEGATIVE_INFINITY) < againAfterMs) return
    toldAtMs.set(text, nowMs)
    tell(text)
  }
}
