import type { DescribeSecretResponse } from '@keyplane/aws'
import { SecretsError } from '@keyplane/core'
import { isEndState } from '@keyplane/rotation'
import { auditEnds, auditTail, notedRotations, type StoreDatabase } from '@keyplane/store'
import type { Context } from '../context.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { currentOf, describeSecret, pendingOf, type RotatingStore } from './rotating-store.ts'
import { localDatabase } from './local-rotations.ts'
import { inOrder, isRepeated, meaningOf, type NotedStep, stepsAmong } from './rotation-steps.ts'
import { isOwnRotator, rotatorArn } from './rotator-name.ts'

/** How a rotation ended. */
export interface RotationEnd {
  readonly state: 'finished' | 'rolled-back' | 'failed'
  /** The step that it was taken back for. */
  readonly because?: string
  /** By a function: what it did at the target is not taken back with it. */
  readonly byFunction?: true
}

const logPollMs = 250
/** The store is asked rarely where its audit log tells more, and sooner. */
const looksMs = { withLog: 5_000, alone: 1_000 } as const
/** Nothing pending means an end only where it stays so: between two pending versions there is none either. */
const looksWithoutPending = 5
const failuresInARow = 5
const patienceMs = 15 * 60_000

/** Follows one rotation of a secret; opened before it is asked for, so that no step of it is missed. */
export class RotationWatch {
  /** The secret as it was before. */
  readonly before: DescribeSecretResponse
  readonly #context: Context
  readonly #store: RotatingStore
  readonly #database: StoreDatabase | undefined
  readonly #after: Map<string, number>
  readonly #byFunction: boolean
  readonly #startedAtMs: number
  #held: readonly NotedStep[] = []
  #failures = 0
  #withoutPending = 0
  #because: string | undefined

  private constructor(
    context: Context,
    store: RotatingStore,
    seen: {
      readonly before: DescribeSecretResponse
      readonly database: StoreDatabase | undefined
      readonly after: Map<string, number>
      readonly byFunction: boolean
    },
  ) {
    this.#context = context
    this.#store = store
    this.before = seen.before
    this.#database = seen.database
    this.#after = seen.after
    this.#byFunction = seen.byFunction
    this.#startedAtMs = context.clock.nowMs()
  }

  static async open(
    context: Context,
    store: RotatingStore,
    { name, flags, by }: { readonly name: string; readonly flags: DatabaseFlags; readonly by?: string | undefined },
  ): Promise<RotationWatch> {
    const before = await describeSecret(store, name)
    const database = localDatabase(context, flags)
    return new RotationWatch(context, store, {
      before,
      database,
      after: new Map(database && (await auditEnds(database))),
      byFunction: !isOwnRotator(by === undefined ? (before.RotationLambdaARN ?? '') : rotatorArn(by)),
    })
  }

  get elapsedMs(): number {
    return this.#context.clock.nowMs() - this.#startedAtMs
  }

  /**
   * Tells of each step, and gives the end. `again` is called every few seconds until then: what was asked for may have met
   * a step that was just being done.
   * @throws SecretsError `unavailable` (`rotation_failing`, `rollback_failing`) where a step fails five times in a row,
   * `timeout` (`rotation_under_way`) after 15 minutes; the store goes on in either case.
   */
  async ended(again?: () => Promise<unknown>): Promise<RotationEnd> {
    const end = await this.#followed(again)
    return this.#byFunction ? { ...end, byFunction: true } : end
  }

  async #followed(again?: () => Promise<unknown>): Promise<RotationEnd> {
    let lookedAtMs = this.#context.clock.nowMs()
    const betweenMs = this.#database ? looksMs.withLog : looksMs.alone
    while (this.elapsedMs < patienceMs) {
      const end = await this.#steps()
      if (end) return end
      if (this.#context.clock.nowMs() - lookedAtMs >= betweenMs) {
        lookedAtMs = this.#context.clock.nowMs()
        const seen = await this.#look()
        if (seen) return (await this.#steps()) ?? (await this.#steps()) ?? seen
        await again?.()
      }
      await pause(logPollMs)
    }
    throw this.#failure('timeout', 'rotation_under_way', 'is under way after 15 minutes')
  }

  /** The secret after a rotation that has finished: its end is written down before its next run is. */
  async settled(): Promise<DescribeSecretResponse> {
    for (let turn = 0; ; turn += 1) {
      const facts = await this.#described()
      if (facts.LastRotatedDate !== this.before.LastRotatedDate || turn >= 20) return facts
      await pause(logPollMs)
    }
  }

  /** Steps are told a look later than they were seen: they may come into the log in another order than they were done. */
  async #steps(): Promise<RotationEnd | undefined> {
    if (!this.#database) return undefined
    const records = await auditTail({ ...this.#database, after: this.#after, limit: 10_000 })
    for (const { chainId, seq } of records) this.#after.set(chainId, seq)
    const seen = this.#held
    this.#held = stepsAmong(records).filter(({ arn }) => arn === this.before.ARN)
    const lastMs = seen.at(-1)?.atMs ?? 0
    const late = this.#held.filter(({ atMs }) => atMs <= lastMs)
    this.#held = this.#held.filter(({ atMs }) => atMs > lastMs)
    for (const noted of inOrder([...seen, ...late])) {
      const end = this.#step(noted)
      if (end) return end
    }
    return undefined
  }

  #step(noted: NotedStep): RotationEnd | undefined {
    const { terminal } = this.#context
    const { atMs, step, state, failure } = noted
    const elapsedMs = Math.max(0, atMs - this.#startedAtMs)
    if (terminal.json)
      terminal.event({ step: { ...(step && { step }), state, ...(failure && { failure }), elapsedMs } })
    else
      terminal.words(
        `${seconds(elapsedMs).padStart(8)}  ${(step ?? (state === 'planned' ? 'begin' : 'back')).padEnd(9)}${meaningOf(noted, this.#byFunction)}`,
      )
    this.#failures = isRepeated(noted) ? this.#failures + 1 : 0
    if (this.#failures >= failuresInARow)
      throw this.#failure(
        'unavailable',
        state === 'rolling-back' ? 'rollback_failing' : 'rotation_failing',
        `does not get on: the step ${step} failed five times in a row`,
        noted.reason,
      )
    if (state === 'rolling-back' || state === 'rolled-back') this.#because ??= step ?? 'request'
    if (!isEndState(state)) return undefined
    return { state, ...(this.#because !== undefined && { because: this.#because }) }
  }

  async #look(): Promise<RotationEnd | undefined> {
    if (this.#database) return this.#noted(this.#database)
    const { LastRotatedDate, VersionIdsToStages } = await this.#described()
    if (LastRotatedDate !== this.before.LastRotatedDate) return { state: 'finished' }
    const isAsBefore = currentOf(VersionIdsToStages) === currentOf(this.before.VersionIdsToStages)
    this.#withoutPending = isAsBefore && !pendingOf(VersionIdsToStages) ? this.#withoutPending + 1 : 0
    return this.#withoutPending >= looksWithoutPending ? { state: 'rolled-back' } : undefined
  }

  /** As the store has written it down: its audit log has told the steps, or is about to. */
  async #noted(database: StoreDatabase): Promise<RotationEnd | undefined> {
    const arn = this.before.ARN ?? ''
    const { isUnderWay, record } = (await notedRotations(database, arn)).get(arn) ?? { isUnderWay: false }
    if (!isUnderWay && !record)
      throw this.#failure('conflict', 'rotation_unrecorded', 'has ended without a record of how: see the store’s log')
    const isEnd = record && !isUnderWay && record.changedAtMs >= this.#startedAtMs && isEndState(record.state)
    return isEnd ? { state: record.state } : undefined
  }

  #described(): Promise<DescribeSecretResponse> {
    return describeSecret(this.#store, this.before.ARN ?? '')
  }

  #failure(
    code: 'unavailable' | 'timeout' | 'conflict',
    reason: string,
    what: string,
    stepReason?: string,
  ): SecretsError {
    return new SecretsError(code, `The rotation of ${JSON.stringify(this.before.Name)} ${what}.`, {
      reason,
      ...(stepReason !== undefined && { cause: new SecretsError(code, 'A step failed.', { reason: stepReason }) }),
    })
  }
}

/** A plain timer: it has to keep the process alive between two looks. */
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** A time that something took. */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
