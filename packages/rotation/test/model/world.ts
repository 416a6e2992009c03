import type { Clock, Random } from '@keyplane/core'
import {
  type Advance,
  type Canary,
  memoryReceipts,
  type Receipts,
  type RotationAlert,
  type RotationEngine,
  type RotationJournal,
  type RotationNotice,
  type RotationPolicy,
  type Rotator,
  rotationEngine,
  type SecretVersions,
} from '@keyplane/rotation'
import { memoryJournal, type MemoryVersions, memoryVersions } from '@keyplane/rotation/testing'
import { seededRandom } from '@keyplane/testkit'
import { expect } from 'vitest'
import { type Fate, Faults, Killed } from './faults.ts'
import type { ModelTarget } from './targets.ts'

export const secretId = 'prod/db'

export interface WorldOptions {
  readonly canary?: Canary
  /** What others do, after each thing that the rotation did. */
  readonly meanwhile?: (world: World) => Promise<void>
  /** Called right before the old credential is retired. */
  readonly beforeRetire?: (world: World) => Promise<void>
}

/** A secret, its target and those who rotate it, with a look at every credential after everything that was done. */
export class World {
  readonly target: ModelTarget
  readonly versions: MemoryVersions
  readonly faults: Faults
  readonly alerts: RotationAlert[] = []
  readonly notices: RotationNotice[] = []
  readonly journal: RotationJournal
  readonly receipts: Receipts
  readonly clock: Clock
  readonly #random: Random = seededRandom(7)
  readonly #policy: Partial<RotationPolicy>
  #stepsLeft: number | undefined
  readonly startMs = 1_700_000_000_000
  nowMs = this.startMs
  /** Somebody else broke it: what holds then is that nothing is thrown away. */
  isMeddledWith = false
  readonly #more: WorldOptions

  constructor(
    target: ModelTarget,
    fates: readonly Fate[] = [],
    policy: Partial<RotationPolicy> = {},
    more: WorldOptions = {},
  ) {
    this.target = target
    if (target.cut) target.cut = (act) => this.#watched(act)
    this.#policy = policy
    this.#more = more
    this.versions = memoryVersions({ versionId: 'v0', value: target.first })
    this.faults = new Faults(fates)
    this.clock = {
      nowMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      recentMs: () => this.nowMs,
      after: () => ({ cancel: () => undefined }),
    }
    this.journal = memoryJournal(this.clock)
    this.receipts = memoryReceipts(this.clock)
  }

  /** A process that rotates: all that it calls can be cut off. */
  engine(): RotationEngine {
    return rotationEngine({
      journal: this.#cutJournal(),
      versions: this.#cutVersions(),
      receipts: {
        receive: (heartbeat) => this.receipts.receive(heartbeat),
        of: (id) => this.#watched(() => this.receipts.of(id)),
      },
      rotators: [this.#cutRotator()],
      clock: this.clock,
      random: this.#random,
      policy: this.#policy,
      observer: { step: (notice) => this.notices.push(notice), alert: (alert) => void this.alerts.push(alert) },
    })
  }

  /** Begins a rotation, and goes on until it has ended, through whatever befalls it. */
  async rotate(): Promise<Extract<Advance, { readonly status: 'ended' }>> {
    await this.#begin()
    return this.end()
  }

  /** Goes on until what was begun has ended. */
  async end(): Promise<Extract<Advance, { readonly status: 'ended' }>> {
    for (let round = 0; round < 500; round += 1) {
      const advance = await this.#alive(() => this.engine().advance(secretId))
      if (advance?.status === 'ended' && !advance.rotation.alert?.told && advance.rotation.alert) continue
      if (advance?.status === 'ended') return advance
      this.nowMs = advance?.status === 'waiting' ? advance.untilMs : this.nowMs + 60_000
    }
    throw new Error('The rotation does not end.')
  }

  async #begin(): Promise<void> {
    for (let round = 0; round < 500; round += 1) {
      const rotator = this.target.rotator().name
      const { canary } = this.#more
      if (await this.#alive(() => this.engine().begin({ secretId, rotator, ...(canary && { canary }) }))) return
      this.nowMs += 60_000
    }
    throw new Error('The rotation does not begin.')
  }

  async #alive<T>(act: () => Promise<T>): Promise<T | undefined> {
    this.faults.restart()
    try {
      return await act()
    } catch (error) {
      if (error instanceof Killed) this.target.restart?.()
      if (error instanceof Killed || (error as { code?: string }).code !== undefined) return undefined
      throw error
    }
  }

  /** Looks at everything, whether or not somebody hears of what was done. */
  async #watched<T>(act: () => Promise<T>, refuse?: () => T): Promise<T> {
    return this.faults.call(async () => {
      const result = await act()
      this.look()
      await this.#more.meanwhile?.(this)
      return result
    }, refuse)
  }

  /** Lets that many steps be written down, and no more. */
  stopAfter(steps: number | undefined): void {
    this.#stepsLeft = steps
  }

  look(): void {
    expect(this.versions.values.has(this.versions.stages.get('current') ?? ''), 'one version is current').toBe(true)
    if (this.isMeddledWith) return
    // Where a target holds two, what readers get is accepted throughout.
    const given = this.target.rotator().discard ? this.versions.given : this.versions.stored
    const accepted = given.filter((value) => this.target.accepts(value))
    expect(accepted.length, 'credentials that are stored and accepted').toBeGreaterThan(0)
  }

  #cutJournal(): RotationJournal {
    const { journal } = this
    return {
      load: (id) => this.#watched(() => journal.load(id)),
      lease: (id, holder, ttlMs) => this.#watched(() => journal.lease(id, holder, ttlMs)),
      renew: (lease, ttlMs) => this.#watched(() => journal.renew(lease, ttlMs)),
      release: (lease) => this.#watched(() => journal.release(lease)),
      write: (lease, write) => {
        if (this.#stepsLeft === 0) throw new Killed()
        if (this.#stepsLeft !== undefined) this.#stepsLeft -= 1
        return this.#watched(() => journal.write(lease, write))
      },
      due: (atMs, limit) => this.#watched(() => journal.due(atMs, limit)),
    }
  }

  #cutVersions(): SecretVersions {
    const { versions } = this
    return {
      current: () => this.#watched(() => versions.current()),
      read: (id, versionId) => this.#watched(() => versions.read(id, versionId)),
      stage: (write, version) => this.#watched(() => versions.stage(write, version)),
      promote: (write, move) => this.#watched(() => versions.promote(write, move)),
      discard: (write, versionId) => this.#watched(() => versions.discard(write, versionId)),
    }
  }

  #cutRotator(): Rotator {
    const rotator = this.target.rotator()
    return {
      name: rotator.name,
      repairs: rotator.repairs,
      create: (call, current) => this.#watched(() => rotator.create(call, current)),
      set: (call, credentials) =>
        this.#watched(
          () => rotator.set(call, credentials),
          () => 'refused',
        ),
      test: (call, value) => this.#watched(() => rotator.test(call, value)),
      revert: (call, credentials) => this.#watched(() => rotator.revert(call, credentials)),
      ...(rotator.overlaps && { overlaps: true }),
      retire: (call, credentials) =>
        this.#watched(async () => {
          await this.#more.beforeRetire?.(this)
          return rotator.retire(call, credentials)
        }),
      discard: (call, credentials) => this.#watched(async () => rotator.discard?.(call, credentials)),
    }
  }
}
