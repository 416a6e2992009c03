import { SecretsError, toSecretsError, uuid } from '@keyplane/core'
import { type Effect, nextEffect } from '../machine/effect.ts'
import { effectOf, type Outcome, type RotationEvent, stepOutcome } from '../machine/event.ts'
import { longestLeaseMs } from '../journal/lease-time.ts'
import { defaultPolicy, type RotationPolicy } from '../machine/policy.ts'
import { hasEnded, type Planned, type Rotation, waitsUntilMs } from '../machine/rotation.ts'
import { transition } from '../machine/transition.ts'
import type { JournalEntry } from '../ports/journal.ts'
import type { NoticedStep, RotationNotice } from '../ports/notices.ts'
import type { Rotator, RotatorCall } from '../ports/rotator.ts'
import { requireCanary } from '../receipts/canary.ts'
import type { Advance, RotationEngine, RotationEngineParts, RotationRequest } from './contract.ts'
import { LeaseKeeper, leaseLost } from './lease-keeper.ts'
import { runEffect } from './run-effect.ts'
import { withinMs } from './within-ms.ts'

const defaultEffectTimeoutMs = 30_000

export const rotationEngine = (parts: RotationEngineParts): RotationEngine => new Engine(parts)

class Engine implements RotationEngine {
  readonly #parts: RotationEngineParts
  readonly #policy: RotationPolicy
  readonly #timeoutMs: number
  readonly #holder: string

  constructor(parts: RotationEngineParts) {
    this.#parts = parts
    this.#policy = { ...defaultPolicy, ...parts.policy }
    this.#timeoutMs = parts.effectTimeoutMs ?? defaultEffectTimeoutMs
    this.#holder = uuid(parts.random)
  }

  async begin(request: RotationRequest): Promise<Rotation> {
    const rotator = this.#rotator(request.rotator)
    if (request.canary) requireCanary(request.canary, { rotator, receipts: this.#parts.receipts })
    const begun = await this.#leased(request.secretId, async (keeper) => {
      const found = await this.#parts.journal.load(request.secretId)
      if (found && !hasEnded(found.rotation)) return found.rotation
      await this.#requireFresh(request)
      // The record is written over: what it still has to say is said first.
      const entry = found && (await this.#tell(keeper, found))
      const rotation = this.#planned(request)
      await this.#write(keeper, rotation, entry?.revision ?? 0, this.#noticeOf(rotation))
      return rotation
    })
    if (!begun) throw leaseLost()
    return begun
  }

  async advance(
    secretId: string,
    ending?: AbortSignal,
    { atOnce = false }: { readonly atOnce?: boolean } = {},
  ): Promise<Advance> {
    const goOn = (keeper: LeaseKeeper): Promise<Advance> => this.#goOn(keeper, { secretId, atOnce }, ending)
    try {
      return (await this.#leased(secretId, goOn)) ?? { status: 'busy' }
    } catch (error) {
      if (hasReason(error, 'lease_lost')) return { status: 'busy' }
      if (hasReason(error, 'stopped')) return { status: 'stopped' }
      throw error
    }
  }

  async requestRollback(secretId: string): Promise<Rotation> {
    const rotation = await this.#leased(secretId, async (keeper) => {
      const entry = await this.#parts.journal.load(secretId)
      if (!entry)
        throw new SecretsError('unsupported', 'No rotation of this secret was begun.', { reason: 'rotation_ended' })
      const { rotation: after } = await this.#apply(keeper, entry, {
        kind: 'rollback',
        atMs: this.#parts.clock.nowMs(),
      })
      return after
    })
    if (!rotation) throw leaseLost()
    return rotation
  }

  async #goOn(
    keeper: LeaseKeeper,
    { secretId, atOnce }: { readonly secretId: string; readonly atOnce: boolean },
    ending?: AbortSignal,
  ): Promise<Advance> {
    let isAsked = atOnce
    let entry = await this.#parts.journal.load(secretId)
    if (!entry) return { status: 'none' }
    for (;;) {
      entry = await this.#tell(keeper, entry)
      const { rotation } = entry
      const effect = nextEffect(rotation)
      if (effect === undefined) return { status: 'ended', rotation }
      const untilMs = waitsUntilMs(rotation, this.#parts.clock.nowMs())
      if (untilMs !== undefined && !(isAsked && rotation.retry)) return { status: 'waiting', rotation, untilMs }
      isAsked = false
      if (ending?.aborted) return { status: 'stopped' }
      await keeper.renew()
      const outcome = await this.#outcome(keeper, rotation, effect, ending)
      entry = await this.#apply(keeper, entry, outcome)
      // What was given up may be done late: by a token that is worth nothing once the next step is begun.
      if (outcome.kind === 'failed' && outcome.code === 'timeout')
        return { status: 'waiting', rotation: entry.rotation, untilMs: this.#parts.clock.nowMs() }
    }
  }

  async #outcome(
    keeper: LeaseKeeper,
    rotation: Rotation,
    effect: Effect,
    ending: AbortSignal | undefined,
  ): Promise<Outcome> {
    const { versions, clock, random, receipts } = this.#parts
    try {
      const rotator = this.#rotator(rotation.rotator)
      const run = (signal: AbortSignal) =>
        runEffect(effect, rotation, {
          versions,
          rotator,
          call: callOf(rotation, keeper, signal),
          nowMs: () => clock.nowMs(),
          policy: this.#policy,
          receipts,
        })
      return await keeper.holding((lost) => withinMs(clock, this.#timeoutMs, run, { ending, lost }))
    } catch (thrown) {
      if (hasReason(thrown, 'lease_lost') || hasReason(thrown, 'stopped')) throw thrown
      const { code, reason } = toSecretsError(thrown)
      const chance = random.unit()
      return { kind: 'failed', effect, code, ...(reason !== undefined && { reason }), atMs: clock.nowMs(), chance }
    }
  }

  async #apply(keeper: LeaseKeeper, entry: JournalEntry, event: RotationEvent): Promise<JournalEntry> {
    const newVersion = uuid(this.#parts.random)
    const rotation = transition(entry.rotation, event, { policy: this.#policy, newVersion })
    if (rotation === entry.rotation) return entry
    const isStep = event.kind !== 'told' && event.kind !== 'waiting'
    const notice = isStep ? this.#noticeOf(rotation, { from: entry.rotation.state, ...noticedStep(event) }) : undefined
    const revision = await this.#write(keeper, rotation, entry.revision, notice)
    return { rotation, revision }
  }

  async #write(keeper: LeaseKeeper, rotation: Rotation, over: number, notice?: RotationNotice): Promise<number> {
    const revision = await this.#parts.journal.write(keeper.lease, { rotation, over, ...(notice && { notice }) })
    if (revision === undefined) throw leaseLost()
    try {
      if (notice) this.#parts.observer?.step?.(notice)
    } catch {
      // What an onlooker does is no part of a rotation.
    }
    return revision
  }

  /** Hands an alert over and notes that; one that nobody took stays to be told. */
  async #tell(keeper: LeaseKeeper, entry: JournalEntry): Promise<JournalEntry> {
    const { alert } = entry.rotation
    const { observer, clock } = this.#parts
    if (!alert || alert.told || !observer?.alert) return entry
    const id = `${entry.rotation.rotationId}:${alert.kind}:${alert.raisedAtMs}`
    try {
      await withinMs(clock, this.#timeoutMs, async () => observer.alert?.({ ...alert, id, rotation: entry.rotation }))
    } catch {
      return entry
    }
    return this.#apply(keeper, entry, { kind: 'told', atMs: clock.nowMs() })
  }

  #noticeOf(
    { secretId, rotationId, pendingVersion, state }: Rotation,
    how: Pick<RotationNotice, 'from'> & Partial<NoticedStep> = {},
  ): RotationNotice {
    return { atMs: this.#parts.clock.nowMs(), secretId, rotationId, pendingVersion, ...how, to: state }
  }

  async #leased<T>(secretId: string, act: (keeper: LeaseKeeper) => Promise<T>): Promise<T | undefined> {
    const { journal, clock } = this.#parts
    const ttlMs = Math.min(this.#parts.leaseMs ?? this.#timeoutMs * 2, longestLeaseMs)
    const keeper = await LeaseKeeper.take(
      { journal, clock, ttlMs },
      secretId,
      `${this.#holder}:${uuid(this.#parts.random)}`,
    )
    if (!keeper) return undefined
    try {
      return await act(keeper)
    } finally {
      // A lease that can't be given back ends by itself.
      await keeper.release().catch(() => undefined)
    }
  }

  async #requireFresh({ secretId, pendingVersion, adopts = false }: RotationRequest): Promise<void> {
    if (adopts || pendingVersion === undefined || !(await this.#parts.versions.read(secretId, pendingVersion))) return
    throw new SecretsError('conflict', `The version "${pendingVersion}" of "${secretId}" is there already.`, {
      reason: 'version_exists',
    })
  }

  #planned({ secretId, rotator, pendingVersion, rotationId, canary }: RotationRequest): Planned {
    const { clock, random } = this.#parts
    const nowMs = clock.nowMs()
    return {
      schema: 1,
      secretId,
      rotationId: rotationId ?? uuid(random),
      rotator,
      startedAtMs: nowMs,
      changedAtMs: nowMs,
      pendingVersion: pendingVersion ?? uuid(random),
      replaced: 0,
      ...(canary && { canary }),
      state: 'planned',
    }
  }

  #rotator(name: string): Rotator {
    const found = this.#parts.rotators.find((rotator) => rotator.name === name)
    if (found) return found
    throw new SecretsError('config_invalid', `There is no rotator "${name}".`, { reason: 'unknown_rotator' })
  }
}

const hasReason = (error: unknown, reason: string): boolean => error instanceof SecretsError && error.reason === reason

const noticedStep = (event: RotationEvent): NoticedStep | undefined => {
  if (event.kind === 'rollback' || event.kind === 'told' || event.kind === 'waiting') return undefined
  const step = { effect: effectOf(event), outcome: stepOutcome(event) }
  if (event.kind !== 'failed') return step
  const { code, reason } = event
  return { ...step, failure: { code, ...(reason !== undefined && { reason }) } }
}

const callOf = (rotation: Rotation, keeper: LeaseKeeper, signal: AbortSignal): RotatorCall => ({
  secretId: rotation.secretId,
  rotationId: rotation.rotationId,
  pendingVersion: rotation.pendingVersion,
  fence: keeper.lease.fence,
  signal,
  requireLease: () => {
    // A step that was given up must not change anything late, though this process has the lease still.
    signal.throwIfAborted()
    keeper.require()
  },
})
