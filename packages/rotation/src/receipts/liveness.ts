import type { Heartbeat } from '@keyplane/core'

const missedHeartbeats = 3

/** Up to when a consumer counts as alive that was heard of at this moment. */
export const livesUntilMs = (nowMs: number, { everyMs, ends }: Pick<Heartbeat, 'everyMs' | 'ends'>): number =>
  ends ? nowMs : nowMs + missedHeartbeats * everyMs

/** For so long a consumer that is gone is remembered, and what one used before: longer than any grace period. */
export const rememberedMs: number = 30 * 86_400_000
