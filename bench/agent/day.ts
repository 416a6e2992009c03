import { type Random, type SecretProvider, type SecretRef, type SecretVersion, TextValue } from '@keyplane/core'
import { seededRandom } from '@keyplane/testkit'
import { parseAgentConfig } from '../../packages/agent/src/config.ts'
import { openCache } from '../../packages/agent/src/open-cache.ts'
import { type Row, yardstick } from '../row.ts'
import { quantile } from '../statistics.ts'
import { DayClock, settle } from './day-clock.ts'
import { ReferenceCache } from './reference-cache.ts'

const secrets = 1_000
const rotations = 1_000
const dayMs = 86_400_000
const readsPerSecond = 5
const upstreamMs = 30
const ttlMs = 300_000
const seed = 20_261_122

/** AWS as both caches see it: versions that are rotated, and calls that are counted and take their time. */
export class DayUpstream implements SecretProvider {
  readonly name = 'day'
  readonly #clock: DayClock
  readonly #current = new Map<string, SecretVersion>()
  /** When a version stopped being the current one. */
  readonly replacedAtMs = new Map<string, number>()
  calls = 0

  constructor(clock: DayClock) {
    this.#clock = clock
    for (let key = 0; key < secrets; key += 1) this.rotate(`secret/${key}`)
  }

  rotate(id: string): void {
    const before = this.#current.get(id)
    if (before) this.replacedAtMs.set(before.version ?? '', this.#clock.nowMs())
    const version = `${id}#${Number((before?.version ?? '#0').split('#')[1]) + 1}`
    const value = new TextValue(version)
    this.#current.set(id, Object.freeze({ id, name: id, version, stages: ['current'] as const, value }))
  }

  /** One call; what it says is how things stood when it reached the source. */
  async call<T>(read: () => T): Promise<T> {
    this.calls += 1
    await new Promise<void>((resolve) => void this.#clock.after(upstreamMs / 2, resolve))
    const answer = read()
    await new Promise<void>((resolve) => void this.#clock.after(upstreamMs / 2, resolve))
    return answer
  }

  current(id: string): SecretVersion {
    const version = this.#current.get(id)
    if (!version) throw new Error(`no secret ${id}`)
    return version
  }

  get({ id }: SecretRef): Promise<SecretVersion> {
    return this.call(() => this.current(id))
  }

  /** As BatchGetSecretValue. */
  readonly many = {
    maxRefs: 20,
    get: (refs: readonly SecretRef[]) =>
      this.call(() => refs.map(({ id }) => ({ ok: true, value: this.current(id) }) as const)),
  }

  /** As DescribeSecret: a call for each. */
  readonly state = {
    maxRefs: 1,
    describe: (refs: readonly SecretRef[]) =>
      Promise.all(refs.map(({ id }) => this.call(() => ({ ok: true, value: this.#stateOf(id) }) as const))),
  }

  #stateOf(id: string) {
    const { version = '' } = this.current(id)
    return { id, name: id, versions: new Map([[version, ['current'] as const]]) }
  }
}

/** What reads of one id give, whoever keeps them. */
export interface DayCache {
  peek(id: string): SecretVersion | undefined
  read(id: string): Promise<SecretVersion>
}

interface DayResult {
  readonly calls: number
  readonly reads: number
  /** For each rotation: how long after it the old value was still given, in seconds. */
  readonly staleSeconds: readonly number[]
}

const ours = (upstream: DayUpstream, clock: DayClock): DayCache => {
  const config = parseAgentConfig('')
  const log = { debug: () => {} }
  const cache = openCache({ config, source: upstream, log, clock, random: seededRandom(seed) })
  return {
    peek: (id) => cache.peek({ id })?.version,
    read: async (id) => (await cache.read({ id }, { required: true })).version,
  }
}

const theirs = (upstream: DayUpstream, clock: DayClock): DayCache => new ReferenceCache({ upstream, clock, ttlMs })

/** Which secret is read: the n-th most read one a n-th as often as the first. */
const zipf = (): ((random: Random) => number) => {
  const sums: number[] = []
  for (let rank = 1; rank <= secrets; rank += 1) sums.push((sums.at(-1) ?? 0) + 1 / rank)
  return (random) => {
    const wanted = random.unit() * (sums.at(-1) ?? 0)
    let [low, high] = [0, secrets - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

const oneDay = async (open: (upstream: DayUpstream, clock: DayClock) => DayCache): Promise<DayResult> => {
  const [clock, random, keyOf] = [new DayClock(), seededRandom(seed), zipf()]
  const upstream = new DayUpstream(clock)
  const cache = open(upstream, clock)
  const lastOldMs = new Map<string, number>()
  let reads = 0
  const note = ({ version = '' }: SecretVersion): void => {
    reads += 1
    const replacedAtMs = upstream.replacedAtMs.get(version)
    if (replacedAtMs !== undefined) lastOldMs.set(version, clock.nowMs() - replacedAtMs)
  }
  // In the first hour the caches fill.
  for (let count = 0; count < rotations; count += 1) {
    const id = `secret/${Math.floor(random.unit() * secrets)}`
    clock.after(3_600_000 + random.unit() * (dayMs - 3_600_000), () => upstream.rotate(id))
  }
  for (let atMs = 0; atMs < dayMs; atMs += (-Math.log(1 - random.unit()) * 1_000) / readsPerSecond) {
    await clock.goTo(atMs)
    const id = `secret/${keyOf(random)}`
    const hit = cache.peek(id)
    if (hit) note(hit)
    else void cache.read(id).then(note)
    // Reads are further apart than a turn of the event loop: what one set off is not taken together with the next.
    await settle()
  }
  await clock.goTo(dayMs + 60_000)
  const staleSeconds = [...upstream.replacedAtMs.keys()].map((version) => (lastOldMs.get(version) ?? 0) / 1_000)
  return { calls: upstream.calls, reads, staleSeconds }
}

/** A day of traffic through our cache, as the agent sets it up, and through the AWS agent's algorithm. */
export const dayRows = async (): Promise<Row[]> => {
  const rows: Row[] = []
  for (const [name, open] of [
    ['keyplane', ours],
    ['aws', theirs],
  ] as const) {
    const { calls, reads, staleSeconds } = await oneDay(open)
    const who = name === 'keyplane' ? 'our cache' : "the AWS agent's algorithm"
    const mean = staleSeconds.reduce((sum, seconds) => sum + seconds, 0) / staleSeconds.length
    const note =
      `simulated: ${reads} reads of ${secrets} secrets (Zipf), ${staleSeconds.length} rotations, TTL ${ttlMs / 1_000} s, ` +
      `${upstreamMs} ms a call, seed ${seed}`
    const facts = (id: string, what: string, unit: string) => ({
      id: `day-${name}-${id}`,
      what: `a day, ${who}: ${what}`,
      unit,
    })
    rows.push(
      yardstick({ ...facts('calls', 'upstream calls', ''), note }, calls),
      yardstick(facts('stale-mean', 'old value given after a rotation, mean', 's'), mean),
      yardstick(facts('stale-p99', 'the same, p99', 's'), quantile(staleSeconds, 0.99)),
      yardstick(facts('stale-max', 'the same, longest', 's'), Math.max(...staleSeconds)),
    )
  }
  return rows
}
