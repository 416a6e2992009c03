import type { InCanary, Rotation, SetAtTarget } from './rotation.ts'

/** So late a look comes only where nobody was there to hear of refusals: it is as long as from heartbeat to heartbeat. */
const lateAfterMs = 10_000

/** When a canary's time is over: it begins anew after a while in which nobody watched. */
export const watchedUntilMs = ({ canary, promoteAtMs, lookAtMs }: InCanary, atMs: number): number => {
  const expectedAtMs = lookAtMs ?? promoteAtMs - canary.observeMs
  return atMs > expectedAtMs + lateAfterMs ? atMs + canary.observeMs : promoteAtMs
}

/** After its test: some consumers are given it first, where that is asked for. */
export const tested = (rotation: SetAtTarget, atMs: number): Rotation => {
  const { canary } = rotation
  return canary
    ? { ...rotation, canary, state: 'canary', canaryAtMs: atMs, promoteAtMs: atMs + canary.observeMs }
    : { ...rotation, state: 'tested' }
}

/** Without the times of its canary. */
export const afterCanary = (rotation: InCanary): Omit<InCanary, 'canaryAtMs' | 'promoteAtMs'> => {
  const { canaryAtMs: _, promoteAtMs: __, lookAtMs: ___, ...facts } = rotation
  return facts
}
