import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SecretValue, systemClock, systemRandom } from '@keyplane/core'
import {
  type Rotation,
  type RotationAlert,
  type RotationEngine,
  type RotationPolicy,
  type RotationRequest,
  type RotationRunner,
  type Rotator,
  rotationEngine,
  startRotationRunner,
} from '@keyplane/rotation'
import { type MemoryVersions, memoryVersions } from '@keyplane/rotation/testing'
import { ConsumerProcesses } from './consumer-processes.ts'
import { type JournalFile, journalFile } from './journal-file.ts'

const secretId = 'prod/db'

export interface WatchedRotationParts {
  readonly first: SecretValue
  readonly rotator: Rotator
  readonly policy?: Partial<RotationPolicy>
  /** Where the consumers log in. Default: to Redis. */
  readonly database?: string
}

/** A secret with an engine that rotates it, processes that use it, and what becomes of them. */
export class WatchedRotation {
  readonly versions: MemoryVersions
  readonly consumers: ConsumerProcesses
  readonly alerts: RotationAlert[] = []
  readonly #rotator: string
  readonly #folder: string
  readonly #file: JournalFile
  readonly #engine: RotationEngine
  readonly #runner: RotationRunner

  private constructor(parts: WatchedRotationParts, folder: string, file: JournalFile) {
    const { first, rotator, policy = {}, database } = parts
    const { journal, receipts } = file
    const clocks = { clock: systemClock, random: systemRandom }
    const observer = { alert: (alert: RotationAlert) => void this.alerts.push(alert) }
    this.versions = memoryVersions({ versionId: 'v0', value: first })
    this.consumers = new ConsumerProcesses({
      secretId,
      versions: this.versions,
      journal,
      receipts,
      ...(database !== undefined && { database }),
    })
    this.#rotator = rotator.name
    this.#folder = folder
    this.#file = file
    const { versions } = this
    this.#engine = rotationEngine({ journal, receipts, versions, rotators: [rotator], policy, observer, ...clocks })
    this.#runner = startRotationRunner({ engine: this.#engine, journal, clock: systemClock, everyMs: 1_000 })
  }

  static async start(parts: WatchedRotationParts): Promise<WatchedRotation> {
    const folder = mkdtempSync(join(tmpdir(), 'rotation-receipts-'))
    return new WatchedRotation(parts, folder, await journalFile(join(folder, 'rotation.db')))
  }

  async stop(): Promise<void> {
    await this.#runner.stop()
    await this.consumers.stop()
    await this.#file.close()
    rmSync(this.#folder, { recursive: true })
  }

  /** Begins a rotation, or gives the one that is under way. */
  async begin(more: Partial<RotationRequest> = {}): Promise<Rotation> {
    const rotation = await this.#engine.begin({ secretId, rotator: this.#rotator, ...more })
    this.#runner.wake()
    return rotation
  }

  async state(): Promise<Rotation['state'] | undefined> {
    return (await this.#file.journal.load(secretId))?.rotation.state
  }

  receipts(): ReturnType<JournalFile['receipts']['of']> {
    return this.#file.receipts.of(secretId)
  }

  untilState<State extends Rotation['state']>(state: State): Promise<Extract<Rotation, { readonly state: State }>> {
    return until(state, async () => {
      const rotation = (await this.#file.journal.load(secretId))?.rotation
      return rotation?.state === state ? (rotation as Extract<Rotation, { readonly state: State }>) : undefined
    })
  }

  /** Waits until so many use a version, by what they have said. */
  async untilUsed(versionId: string, count: number): Promise<void> {
    await until(`used by ${count}`, async () => {
      const known = await this.receipts()
      return known.filter((one) => one.versionId === versionId && one.usedAtMs > 0).length === count || undefined
    })
  }
}

/** What `look` finds, as soon as it finds something. */
export const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  for (const endMs = Date.now() + 40_000; Date.now() < endMs; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`It is not ${what} in time.`)
}
