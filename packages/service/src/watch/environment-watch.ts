import type { Clock, Timer } from '@keyplane/core'
import type { Alerts } from '../alerts/alerts.ts'
import { type Level, worst } from '../alerts/incident.ts'
import type { OpenEnvironment } from '../environments/open-environment.ts'
import { isLasting } from '../tools/is-lasting.ts'
import { readTool } from '../tools/read-tool.ts'
import type { ReadResult, SecretRead } from '../tools/secret-reads.ts'
import { conditionsOf, type EnvironmentFacts, type SecretFact } from './conditions.ts'
import type { Standing } from './probe.ts'
import type { WatchedSource } from './watched-sources.ts'

export interface EnvironmentWatchParts {
  readonly environment: OpenEnvironment
  /** The environment's own source, then its fallbacks. */
  readonly sources: readonly WatchedSource[]
  readonly alerts: Alerts
  readonly clock: Clock
}

/** How an environment stands, as this process sees it. */
export interface EnvironmentHealth extends EnvironmentFacts {
  readonly state: Level
  /** Since when, in epoch milliseconds. */
  readonly sinceMs: number
}

const tickMs = 10_000
/** Each so many ticks what is slow to change, or costs a read, is looked at. */
const slowTicks = 6

/** What may be over at any moment, and what changes only when somebody mends it. */
const quickly: readonly ReadResult[] = ['failed', 'stale']
const slowly: readonly ReadResult[] = ['missing', 'refused', 'fallback']

/** Watches one environment by the reads that are made and by probes, and tells its conditions to the alerts. */
export class EnvironmentWatch {
  readonly #parts: EnvironmentWatchParts
  readonly #secrets = new Map<string, SecretFact>()
  readonly #standings = new Map<string, Standing>()
  /** Conditions that are known to be incidents still. */
  readonly #open = new Set<string>()
  readonly #closing = new AbortController()
  #state: { readonly level: Level; readonly sinceMs: number }
  #ticks = 0
  #timer: Timer | undefined
  #ticking: Promise<void> = Promise.resolve()
  #looking: Promise<void> | undefined
  #looksAgain = false
  #looksAtAll = false

  constructor(parts: EnvironmentWatchParts) {
    this.#parts = parts
    this.#state = { level: 'normal', sinceMs: parts.clock.nowMs() }
  }

  /** Begins to probe, at once and from then on. */
  start(): void {
    this.#ticking = this.#tick()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    for (const { close } of this.#parts.sources) close()
    await this.#ticking
    await this.#looking
  }

  /** Takes note of a read, whoever asked for it. */
  note({ tool, secret, result, fresh, source, code, reason }: SecretRead): void {
    const name = `${tool}.${secret}`
    const before = this.#secrets.get(name)
    // Whether nothing is left is for a read to say that takes what is cached.
    if (fresh && result === 'failed') {
      if (before?.result !== 'failed') void this.#read(tool, { only: (other) => other === name })
      return
    }
    if (before ? before.result === result || (isGood(before.result) && isGood(result)) : isGood(result)) return
    if (isGood(result)) this.#secrets.delete(name)
    else this.#secrets.set(name, { name, tool, result, source, reason: reason ?? code })
    this.#lookSoon()
  }

  /** The environment's tools. */
  get tools(): readonly string[] {
    return [...this.#parts.environment.config.tools.keys()]
  }

  get health(): EnvironmentHealth {
    const { level: state, sinceMs } = this.#state
    return { state, sinceMs, ...this.#facts }
  }

  /** Reads the environment's secrets once, but for those that would be made for that; how each went, in their order. */
  async warm(): Promise<readonly SecretRead[]> {
    const reads: SecretRead[] = []
    for (const tool of this.tools) await this.#read(tool, { onRead: (read) => void reads.push(read) })
    return reads
  }

  get #facts(): EnvironmentFacts {
    const { environment, sources } = this.#parts
    return {
      environment: environment.config.name,
      secrets: [...this.#secrets.values()],
      sources: sources.map(({ name }) => ({ name, standing: this.#standings.get(name) })),
    }
  }

  async #tick(): Promise<void> {
    const isSlow = this.#ticks % slowTicks === 0
    this.#ticks += 1
    const { sources, clock } = this.#parts
    const nextAtMs = clock.monotonicMs() + tickMs
    const due = sources.filter(({ isQuick }) => isQuick || isSlow)
    await Promise.all(due.map((source) => this.#probe(source)))
    await this.#readAgain(isSlow)
    // An incident may be open that this process does not know of: from before its start, or of a replica that is gone.
    this.#looksAtAll ||= isSlow
    this.#lookSoon()
    if (this.#closing.signal.aborted) return
    // From one begin to the next: a source that hangs is looked at no less often.
    this.#timer = clock.after(Math.max(0, nextAtMs - clock.monotonicMs()), () => {
      this.#ticking = this.#tick()
    })
  }

  async #probe({ name, probe }: WatchedSource): Promise<void> {
    const before = this.#standings.get(name)
    const { signal } = this.#closing
    const standing = await probe(signal)
    if (signal.aborted) return
    this.#standings.set(name, standing)
    const isOwn = name === this.#parts.sources[0]?.name
    if (isOwn && before?.isWell === false && standing.isWell) await this.#refresh()
  }

  /** The own source is back: what was not its own fresh value is asked for anew, past the cache. */
  async #refresh(): Promise<void> {
    for (const tool of this.#unwellTools())
      await this.#read(tool, { fresh: true, only: (name) => this.#secrets.has(name) })
  }

  /** What is not well is looked after, whether anybody asks for it or not; while the source fails, everything is. */
  async #readAgain(isSlow: boolean): Promise<void> {
    const own = this.#parts.sources[0]?.name ?? ''
    const fails = this.#standings.get(own)?.isWell === false
    const results = isSlow ? [...quickly, ...slowly] : quickly
    const isDue = (name: string): boolean => results.includes(this.#secrets.get(name)?.result ?? 'cached')
    const tools = fails ? this.tools : this.#unwellTools()
    for (const tool of tools)
      await this.#read(tool, { only: (name) => isDue(name) || (fails && !this.#secrets.has(name)) })
  }

  /** Those of which something is not well. */
  #unwellTools(): readonly string[] {
    return [...new Set([...this.#secrets.values()].map(({ tool }) => tool))]
  }

  /** One tool after the other, so that a look after them is no flood; a closed watch reads no more. */
  async #read(
    tool: string,
    {
      fresh = false,
      only = () => true,
      onRead,
    }: {
      readonly fresh?: boolean
      readonly only?: (name: string) => boolean
      readonly onRead?: (read: SecretRead) => void
    },
  ): Promise<void> {
    const { environment, clock } = this.#parts
    const { signal } = this.#closing
    if (signal.aborted) return
    await readTool(environment, tool, {
      clock,
      signal: () => signal,
      fresh,
      only: (secret, config) => {
        const name = `${tool}.${secret}`
        // A credential is made for who asks for it: here only where somebody did, and had none.
        return only(name) && (isLasting(config) || this.#secrets.has(name))
      },
      onRead: (read) => {
        this.note(read)
        onRead?.(read)
      },
    }).catch(() => undefined)
  }

  #lookSoon(): void {
    if (this.#closing.signal.aborted) return
    this.#looksAgain = true
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
  }

  async #look(): Promise<void> {
    while (this.#looksAgain) {
      this.#looksAgain = false
      // What else is noted at this moment belongs to the same look.
      await Promise.resolve()
      const all = this.#looksAtAll
      this.#looksAtAll = false
      const conditions = conditionsOf(this.#facts)
      this.#note(worst(conditions.map(({ level }) => level)))
      for (const condition of conditions) {
        const key = `${condition.kind} ${condition.subject ?? ''}`
        if (condition.level === 'normal' && !all && !this.#open.has(key)) continue
        if (await this.#parts.alerts.look(condition)) this.#open.add(key)
        else this.#open.delete(key)
      }
    }
  }

  #note(level: Level): void {
    if (level !== this.#state.level) this.#state = { level, sinceMs: this.#parts.clock.nowMs() }
  }
}

const isGood = (result: ReadResult): boolean => result === 'cached' || result === 'source'
