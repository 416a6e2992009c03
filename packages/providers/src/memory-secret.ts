import { type SecretRef, SecretsError, type SecretValue, type SecretVersion, type Stage } from '@keyplane/core'

interface KeptVersion {
  readonly value: SecretValue
  readonly createdAtMs: number
  readonly stages: Set<Stage>
}

/** AWS keeps about this many versions; the oldest without a stage goes first. */
const maxVersions = 100

/** One secret in memory: its versions, and the stages that move between them as AWS moves them. */
export class MemorySecret {
  readonly id: string
  readonly #versions = new Map<string, KeptVersion>()
  changedAtMs = 0
  /** Since when it is deleted, and until when it could be recovered. */
  deleted: { readonly atMs: number; readonly purgeAtMs: number } | undefined

  constructor(id: string) {
    this.id = id
  }

  get versions(): ReadonlyMap<string, readonly Stage[]> {
    return new Map([...this.#versions].map(([version, { stages }]) => [version, [...stages]]))
  }

  value(version: string): SecretValue | undefined {
    return this.#versions.get(version)?.value
  }

  holder(stage: Stage): string | undefined {
    for (const [version, { stages }] of this.#versions) if (stages.has(stage)) return version
    return undefined
  }

  read(ref: SecretRef): SecretVersion {
    const version = ref.version ?? this.holder(ref.stage ?? 'current')
    const kept = version === undefined ? undefined : this.#versions.get(version)
    if (version === undefined || !kept || (ref.stage !== undefined && !kept.stages.has(ref.stage)))
      throw new SecretsError('version_not_found', `${JSON.stringify(this.id)} has no such version.`, {
        source: 'memory',
      })
    const { value, createdAtMs } = kept
    const stages = Object.freeze([...kept.stages])
    return Object.freeze({ id: this.id, name: this.id, version, stages, createdAtMs, value })
  }

  add(version: string, value: SecretValue, stages: readonly Stage[], nowMs: number): void {
    this.#versions.set(version, { value, createdAtMs: nowMs, stages: new Set() })
    for (const stage of stages) this.move(stage, version, nowMs)
    for (const [old, kept] of this.#versions) {
      if (this.#versions.size <= maxVersions) break
      if (kept.stages.size === 0 && old !== version) this.#versions.delete(old)
    }
  }

  /** A stage is at one version at most. What was current becomes previous by itself. */
  move(stage: Stage, to: string | undefined, nowMs: number): void {
    const from = this.holder(stage)
    this.changedAtMs = nowMs
    if (from === to) return
    if (from !== undefined) this.#versions.get(from)?.stages.delete(stage)
    if (to !== undefined) this.#versions.get(to)?.stages.add(stage)
    if (stage !== 'current' || to === undefined) return
    this.#versions.get(to)?.stages.delete('previous')
    if (from !== undefined) this.move('previous', from, nowMs)
  }
}
