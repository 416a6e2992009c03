import { type SecretValue, SecretsError } from '@keyplane/core'
import { leaseLost } from '../engine/lease-keeper.ts'
import type { FencedWrite, SecretVersions, StoredVersion } from '../ports/secret-versions.ts'

type Stage = 'current' | 'previous' | 'pending'

/** The versions of one secret, in memory. */
export const memoryVersions = (first: StoredVersion): MemoryVersions => new MemoryVersions(first)

/** The versions of one secret, with the stages as AWS moves them. */
export class MemoryVersions implements SecretVersions {
  readonly values: Map<string, SecretValue> = new Map()
  readonly stages: Map<Stage, string> = new Map()
  #fence = 0

  constructor(first: StoredVersion) {
    this.values.set(first.versionId, first.value)
    this.stages.set('current', first.versionId)
  }

  /** What a reader can be given, by some stage. */
  get stored(): readonly SecretValue[] {
    return [...new Set(this.stages.values())].map((id) => this.#value(id))
  }

  /** What a reader is given who asks for no stage. */
  get given(): readonly SecretValue[] {
    return [this.#value(this.stages.get('current') ?? '')]
  }

  async current(): Promise<StoredVersion> {
    const versionId = this.stages.get('current') ?? ''
    return { versionId, value: this.#value(versionId) }
  }

  async read(_: string, versionId: string): Promise<SecretValue | undefined> {
    return this.values.get(versionId)
  }

  async stage(write: FencedWrite, { versionId, value }: StoredVersion): Promise<void> {
    this.#require(write)
    if (this.values.has(versionId)) return
    this.values.set(versionId, value)
    this.stages.set('pending', versionId)
  }

  async promote(write: FencedWrite, { from, to }: { readonly from: string; readonly to: string }): Promise<void> {
    this.#require(write)
    const current = this.stages.get('current')
    if (current === to) return
    if (current !== from) throw new SecretsError('conflict', 'Another version is current.')
    this.stages.set('current', to)
    this.stages.set('previous', from)
    if (this.stages.get('pending') === to) this.stages.delete('pending')
  }

  async discard(write: FencedWrite, versionId: string): Promise<void> {
    this.#require(write)
    if (this.stages.get('current') === versionId) throw new SecretsError('conflict', 'It is current.')
    for (const [stage, id] of this.stages) if (id === versionId) this.stages.delete(stage)
  }

  /** Somebody puts a value by hand. */
  put(version: StoredVersion): void {
    this.values.set(version.versionId, version.value)
    const before = this.stages.get('current')
    if (before !== undefined) this.stages.set('previous', before)
    this.stages.set('current', version.versionId)
  }

  /** Who writes with a smaller token than one that was seen has lost the lease. */
  #require({ fence }: FencedWrite): void {
    if (fence < this.#fence) throw leaseLost()
    this.#fence = fence
  }

  #value(versionId: string): SecretValue {
    const value = this.values.get(versionId)
    if (value) return value
    throw new SecretsError('version_not_found', 'There is no such version.')
  }
}
