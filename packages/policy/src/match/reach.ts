/**
 * How near a statement comes to the caller: it does not concern it (`none`), names its account only, its role, or the
 * caller itself, be it as anyone (`direct`).
 */
export type Reach = 'none' | 'account' | 'role' | 'direct'

const rank: Readonly<Record<Reach, number>> = { none: 0, account: 1, role: 2, direct: 3 }

/** The nearer of two. */
export const nearer = (one: Reach, other: Reach): Reach => (rank[one] >= rank[other] ? one : other)
