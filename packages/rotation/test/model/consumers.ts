import type { Receipt } from '@keyplane/core'
import { versionForConsumer } from '@keyplane/rotation'
import { secretId, type World } from './world.ts'

export const heartbeatMs = 10_000

/** What a consumer does at one moment. */
export type Act = 'use' | 'beat' | 'freeze' | 'end' | 'restart' | 'rest'
export const acts: readonly Act[] = ['use', 'beat', 'freeze', 'end', 'restart', 'rest']

/** A program that reads a secret now and then, uses it, and says so. */
export class ModelConsumer {
  readonly id: string
  /** The version that it used last, as it has said. */
  said: string | undefined
  livesUntilMs = 0
  isFrozen = false
  hasEnded = false
  /** Every version that it was given. */
  readonly given: Set<string> = new Set()
  /** Every version that was refused it, and it has said so. */
  readonly refused: Set<string> = new Set()
  readonly #refuses: (versionId: string) => boolean
  readonly #refusals = new Map<string, number>()

  constructor(id: string, refuses: (versionId: string) => boolean = () => false) {
    this.id = id
    this.#refuses = refuses
  }

  async act(act: Act, world: World): Promise<void> {
    if (act === 'restart') this.#restart()
    if (this.isFrozen || this.hasEnded) return
    if (act === 'freeze') this.isFrozen = true
    if (act === 'use') await this.#use(world)
    if (act === 'beat') await this.#beat(world)
    if (act === 'end') await this.#end(world)
  }

  /** It begins anew under its id, and knows nothing of what was before. */
  #restart(): void {
    this.isFrozen = this.hasEnded = false
    this.said = undefined
    this.#refusals.clear()
  }

  async #use(world: World): Promise<void> {
    const current = (await world.versions.current()).versionId
    const versionId = (await versionForConsumer(world)(secretId, this.id)) ?? current
    this.given.add(versionId)
    const refusals = (this.#refusals.get(versionId) ?? 0) + (this.#refuses(versionId) ? 1 : 0)
    this.#refusals.set(versionId, refusals)
    const used = !this.#refuses(versionId)
    await this.#beat(world, [{ secretId, versionId, used, refusals }])
    if (used) this.said = versionId
    else this.refused.add(versionId)
  }

  async #beat(world: World, receipts: readonly Receipt[] = []): Promise<void> {
    await world.receipts.receive({ consumer: { id: this.id, name: this.id }, everyMs: heartbeatMs, receipts })
    this.livesUntilMs = world.nowMs + 3 * heartbeatMs
  }

  async #end(world: World): Promise<void> {
    this.hasEnded = true
    const consumer = { id: this.id, name: this.id }
    await world.receipts.receive({ consumer, everyMs: heartbeatMs, receipts: [], ends: true })
  }
}
