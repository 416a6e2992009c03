import { createHash } from 'node:crypto'
import {
  type CallOptions,
  type ErrorCode,
  type PutOptions,
  type SecretRef,
  SecretsError,
  type SecretValue,
  type SecretVersion,
  type SecretWriter,
} from '@keyplane/core'
import { fieldsOfValue, type KvCall, type KvV2, type KvWritten, sameFields, valueOfFields } from '@keyplane/openbao'
import { versionNumber } from './openbao-versions.ts'

export interface OpenBaoWriterParts {
  readonly kv: KvV2
  /** Refuses after `close`, and gives the call's limits. */
  readonly begin: (call: CallOptions | undefined, ref?: SecretRef) => KvCall
}

type TextFields = Readonly<Record<string, string>>

/** A write by its idempotency key: what was to be written, and what came of it where that is known. */
interface Attempt {
  readonly digest: string
  written?: KvWritten
}

interface Write {
  readonly id: string
  /** The key that it is remembered by. */
  readonly name: string
  readonly attempt: Attempt
  readonly fields: TextFields
  readonly cas: number | undefined
  readonly limits: KvCall
}

/** Keys that are remembered; a retry follows its write closely. */
const maxAttempts = 1_000

const source = 'openbao'
const refuse = (code: ErrorCode, message: string): SecretsError => new SecretsError(code, message, { source })

/** Whether the server may have written although the call failed. */
const isUnsure = (thrown: unknown): boolean =>
  !(thrown instanceof SecretsError) || ['unavailable', 'timeout', 'bad_response', 'closed'].includes(thrown.code)

class OpenBaoWriter implements SecretWriter {
  readonly #parts: OpenBaoWriterParts
  /** OpenBao knows no idempotency keys, so this process remembers its own. */
  readonly #attempts = new Map<string, Attempt>()

  constructor(parts: OpenBaoWriterParts) {
    this.#parts = parts
  }

  async put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const limits = this.#parts.begin(call, ref)
    const { idempotencyKey, ifVersion, stages = ['current'] } = options
    if (stages.length !== 1 || stages[0] !== 'current')
      throw refuse('unsupported', 'OpenBao makes what is written current; it has no other stage to write to.')
    if (idempotencyKey === '') throw refuse('invalid_request', 'A write needs an idempotency key.')
    const fields = fieldsOfValue(value)
    const name = JSON.stringify([ref.id, idempotencyKey])
    const digest = createHash('sha256').update(JSON.stringify(fields)).digest('base64')
    const before = this.#attempts.get(name)
    if (before && before.digest !== digest)
      throw refuse('conflict', `${JSON.stringify(ref.id)}: this idempotency key has another value already.`)
    const attempt: Attempt = before ?? { digest }
    const write = { id: ref.id, name, attempt, fields, cas: casOf(ref.id, ifVersion), limits }
    attempt.written ??= before ? await this.#writeAgain(write) : await this.#write(write)
    return versionOf(ref.id, attempt.written, fields)
  }

  async remove(id: string, options: { readonly recoverableForMs: number }, call?: CallOptions): Promise<void> {
    const limits = this.#parts.begin(call)
    if (!(options.recoverableForMs >= 0)) throw refuse('invalid_request', 'recoverableForMs has to be 0 or more.')
    // OpenBao says yes to the deletion of what is not there.
    await this.#parts.kv.metadata(id, limits)
    if (options.recoverableForMs === 0) await this.#parts.kv.deleteAll(id, limits)
    else await this.#parts.kv.deleteCurrent(id, limits)
  }

  async #write({ id, name, attempt, fields, cas, limits }: Write): Promise<KvWritten> {
    this.#remember(name, attempt)
    try {
      return await this.#parts.kv.write(id, fields, cas === undefined ? {} : { cas }, limits)
    } catch (thrown) {
      if (cas === undefined && thrown instanceof SecretsError && thrown.reason === 'cas_required')
        return this.#writeOverCurrent(id, fields, limits)
      if (!isUnsure(thrown)) this.#attempts.delete(name)
      throw thrown
    }
  }

  /** A write whose first answer was lost: it may have arrived, or may yet arrive just before this one. */
  async #writeAgain(write: Write): Promise<KvWritten> {
    const arrived = await this.#writtenBefore(write)
    if (arrived) return arrived
    try {
      return await this.#write(write)
    } catch (thrown) {
      const late = thrown instanceof SecretsError && thrown.code === 'conflict' && (await this.#writtenBefore(write))
      if (!late) throw thrown
      this.#remember(write.name, write.attempt)
      return late
    }
  }

  /** Where the mount wants every write to say what it replaces. */
  async #writeOverCurrent(id: string, fields: TextFields, limits: KvCall): Promise<KvWritten> {
    const { kv } = this.#parts
    const current = await kv.metadata(id, limits).then(
      ({ currentVersion }) => currentVersion,
      (thrown: unknown) => {
        if (thrown instanceof SecretsError && thrown.code === 'secret_not_found') return 0
        throw thrown
      },
    )
    return kv.write(id, fields, { cas: current }, limits)
  }

  /** What an earlier try with the same key wrote, whose answer was lost: the current version, if it is what was to be. */
  async #writtenBefore({ id, fields, cas, limits }: Write): Promise<KvWritten | undefined> {
    try {
      const current = await this.#parts.kv.read(id, {}, limits)
      const isNext = cas === undefined || current.version === cas + 1
      return isNext && sameFields(fields, current.fields.reveal()) ? current : undefined
    } catch (thrown) {
      // Who may only write can't look; the write decides.
      const absent = ['secret_not_found', 'secret_deleted', 'access_denied']
      if (thrown instanceof SecretsError && absent.includes(thrown.code)) return undefined
      throw thrown
    }
  }

  #remember(name: string, attempt: Attempt): void {
    this.#attempts.delete(name)
    this.#attempts.set(name, attempt)
    for (const [oldest] of this.#attempts) {
      if (this.#attempts.size <= maxAttempts) break
      this.#attempts.delete(oldest)
    }
  }
}

/** OpenBao's check-and-set: the version that is to be replaced, 0 for none. */
const casOf = (id: string, ifVersion: string | null | undefined): number | undefined => {
  if (ifVersion === undefined) return undefined
  const cas = ifVersion === null ? 0 : versionNumber(ifVersion)
  if (cas === undefined) throw refuse('conflict', `${JSON.stringify(id)}: OpenBao's versions are whole numbers.`)
  return cas
}

/** The version as a read would give it. */
const versionOf = (id: string, { version, createdAtMs }: KvWritten, fields: TextFields): SecretVersion =>
  Object.freeze({
    id,
    name: id,
    version: String(version),
    stages: Object.freeze(['current' as const]),
    createdAtMs,
    value: valueOfFields(fields),
  })

/** Writes to a KV mount; what is written is the current version at once. */
export const openBaoWriter = (parts: OpenBaoWriterParts): SecretWriter => new OpenBaoWriter(parts)
