/** How something stands, from well to worst. */
export type Level = 'normal' | 'degraded' | 'critical'

const order: readonly Level[] = ['normal', 'degraded', 'critical']

/** The worse of all; `normal` of none. */
export const worst = (levels: Iterable<Level>): Level =>
  order[Math.max(0, ...[...levels].map((level) => order.indexOf(level)))] ?? 'normal'

/** What an alert says beside its level. Names and codes, never a value. */
export interface Facts {
  /** What is concerned: secrets as `tool.secret`, or a source. */
  readonly what: string
  readonly source: string
  /** A code, or what is finer: `sealed`, `hung`, `access_denied`. */
  readonly reason: string
}

/** What is kept of a condition between looks at it: plain data, the same for all replicas that share it. */
export interface Incident {
  /** Of all alerts of this incident, its end included. */
  readonly id: string
  /** Epoch milliseconds, as all moments here. */
  readonly sinceMs: number
  /** The worst that was told of it. */
  readonly told: Level
  readonly toldAtMs: number
  readonly facts: Facts
  /** How each replica saw it last. */
  readonly views: Readonly<Record<string, { readonly level: Level; readonly atMs: number }>>
  readonly wellSinceMs?: number | undefined
  readonly endedAtMs?: number | undefined
  /** How often it came back soon after its end. */
  readonly returns: number
}

/** How one replica sees a condition. */
export interface Look {
  readonly replica: string
  readonly level: Level
  readonly atMs: number
  readonly facts: Facts
  /** For an incident that begins. */
  readonly newId: string
  /** 0: there are no reminders. */
  readonly repeatEveryMs: number
}

/** What is to be told: once for each step to something worse, once for the end; reminders between. */
export interface News {
  readonly severity: 'degraded' | 'critical' | 'recovered'
  readonly reminder: boolean
  readonly incident: Incident
}

/** A replica that has not looked for so long counts no more: it may be gone. */
const viewLifeMs = 60_000
/** So long all has to be well before an end is told; doubled for each early return, so that flapping is one incident. */
const settleMs = 30_000
const maxSettleMs = 600_000
/** A return after that is an incident like any other. */
const returnsWithinMs = 1_800_000

/** What a look makes of an incident, and what is to be told of that. Pure. */
export const afterLook = (
  kept: Incident | undefined,
  look: Look,
): { readonly kept: Incident | undefined; readonly news?: News } => {
  const { replica, level, atMs } = look
  const others = Object.entries(kept?.views ?? {}).filter(
    ([name, view]) => name !== replica && Math.abs(atMs - view.atMs) < viewLifeMs,
  )
  const views = { ...Object.fromEntries(others), [replica]: { level, atMs } }
  const overall = worst(Object.values(views).map((view) => view.level))
  const open = kept && kept.endedAtMs === undefined ? kept : undefined
  if (overall === 'normal') return open ? whileWell({ ...open, views }, atMs) : { kept }
  return open ? whileBad({ ...open, views }, overall, look) : begun(kept, { views, overall, look })
}

const begun = (
  before: Incident | undefined,
  { views, overall, look }: { readonly views: Incident['views']; readonly overall: Level; readonly look: Look },
): { kept: Incident; news: News } => {
  const { atMs, facts, newId: id } = look
  const isReturn = before?.endedAtMs !== undefined && atMs - before.endedAtMs < returnsWithinMs
  const returns = isReturn ? before.returns + 1 : 0
  return told({ id, sinceMs: atMs, told: overall, toldAtMs: atMs, facts, views, returns })
}

const whileBad = (open: Incident, overall: Level, look: Look): { kept: Incident; news?: News } => {
  const { atMs, facts, level, repeatEveryMs } = look
  // A replica that is well has nothing to say of what another one sees.
  const seen = { ...open, wellSinceMs: undefined, ...(level !== 'normal' && { facts }) }
  if (overall === 'critical' && open.told === 'degraded') return told({ ...seen, told: overall, toldAtMs: atMs })
  const isDue = repeatEveryMs > 0 && atMs - open.toldAtMs >= repeatEveryMs
  return isDue ? told({ ...seen, toldAtMs: atMs }, true) : { kept: seen }
}

const whileWell = (open: Incident, atMs: number): { kept: Incident; news?: News } => {
  const { wellSinceMs = atMs, returns } = open
  if (atMs - wellSinceMs < Math.min(maxSettleMs, settleMs * 2 ** returns)) return { kept: { ...open, wellSinceMs } }
  const kept = { ...open, wellSinceMs, endedAtMs: atMs, toldAtMs: atMs }
  return { kept, news: { severity: 'recovered', reminder: false, incident: kept } }
}

const told = (kept: Incident, reminder = false): { kept: Incident; news: News } => ({
  kept,
  news: { severity: kept.told === 'critical' ? 'critical' : 'degraded', reminder, incident: kept },
})
