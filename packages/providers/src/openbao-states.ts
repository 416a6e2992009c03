import {
  type CallOptions,
  type Clock,
  type Outcome,
  type SecretRef,
  SecretsError,
  type SecretState,
  type StateReader,
  toSecretsError,
} from '@keyplane/core'
import type { KvCall, KvMetadata, KvV2 } from '@keyplane/openbao'
import { stateOfMetadata } from './openbao-versions.ts'

export interface OpenBaoStatesParts {
  readonly kv: Pick<KvV2, 'metadata' | 'folderMetadata'>
  readonly clock: Clock
  /** Begins a call about a reference. @throws SecretsError where there may be none. */
  readonly begin: (call?: CallOptions, ref?: SecretRef) => KvCall
}

/** From so many of a folder on, one request for all that it holds is the cheaper one. */
const worthFolder = 4
/** A folder that holds more than so many times what is asked for, or so many in all, costs more than it saves: a kilobyte each. */
const folderRatio = 16
const mostInFolder = 4_000
const asksAtOnce = 8
/** Who may not list a folder, or finds too much there, asks for its secrets by themselves, and tries again after this. */
const notListedForMs = 600_000

const folderOf = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('/')))

/** How secrets of a KV mount stand: a folder's together, where several are asked for and the role may list them. */
export class OpenBaoStates implements StateReader {
  /** More at once would only be more to keep: a folder is told of whole. */
  readonly maxRefs = 100
  readonly #parts: OpenBaoStatesParts
  readonly #notListedUntilMs = new Map<string, number>()

  constructor(parts: OpenBaoStatesParts) {
    this.#parts = parts
  }

  async describe(refs: readonly SecretRef[], call?: CallOptions): Promise<readonly Outcome<SecretState>[]> {
    const folders = await this.#folders(refs, call)
    const outcomes: Outcome<SecretState>[] = []
    const waiting = refs.entries()
    const work = async (): Promise<void> => {
      for (const [index, ref] of waiting) outcomes[index] = await this.#one(ref, folders.get(ref.id), call)
    }
    await Promise.all(Array.from({ length: Math.min(asksAtOnce, refs.length) }, work))
    return outcomes
  }

  /** What the lists of folders tell, by id; one that is not in them is asked for by itself, as lists may be filtered. */
  async #folders(refs: readonly SecretRef[], call: CallOptions | undefined): Promise<ReadonlyMap<string, KvMetadata>> {
    const { clock, kv, begin } = this.#parts
    const known = new Map<string, KvMetadata>()
    const nowMs = clock.monotonicMs()
    for (const [folder, count] of countsOf(refs)) {
      if (count < worthFolder || nowMs < (this.#notListedUntilMs.get(folder) ?? 0)) continue
      const leave = (): void => void this.#notListedUntilMs.set(folder, nowMs + notListedForMs)
      try {
        const most = Math.min(mostInFolder, count * folderRatio)
        const { secrets, isWhole } = await kv.folderMetadata(folder, most, begin(call))
        for (const [id, metadata] of secrets) known.set(id, metadata)
        if (!isWhole) leave()
      } catch (thrown) {
        call?.signal?.throwIfAborted()
        if (!isPassing(thrown)) leave()
      }
    }
    return known
  }

  async #one(
    ref: SecretRef,
    known: KvMetadata | undefined,
    call: CallOptions | undefined,
  ): Promise<Outcome<SecretState>> {
    try {
      const limits = this.#parts.begin(call, ref)
      return { ok: true, value: stateOfMetadata(ref.id, known ?? (await this.#parts.kv.metadata(ref.id, limits))) }
    } catch (thrown) {
      if (call?.signal?.aborted) throw thrown
      return { ok: false, error: toSecretsError(thrown) }
    }
  }
}

const countsOf = (refs: readonly SecretRef[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { id, as } of refs) if (as === undefined) counts.set(folderOf(id), (counts.get(folderOf(id)) ?? 0) + 1)
  return counts
}

const isPassing = (thrown: unknown): boolean =>
  thrown instanceof SecretsError && ['unavailable', 'timeout', 'rate_limited'].includes(thrown.code)
