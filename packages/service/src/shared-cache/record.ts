import {
  type Random,
  type ErrorCode,
  BytesValue,
  SecretsError,
  type SecretVersion,
  type Stage,
  TextValue,
} from '@keyplane/core'
import { type CachedPlace, seal, unseal } from '@keyplane/sealing'
import { isText } from './is-text.ts'
import type { Keyring } from './keyring.ts'
import { epochMs, type Moment, momentDigits, momentOf } from './moment.ts'

/** Where a record belongs; all of it is authenticated. */
export type Place = Pick<CachedPlace, 'environment' | 'source' | 'path'>

/** What a source said, and when: a version, or that there is none. */
export type SaidRecord = { readonly moment: Moment; readonly saidAtMs: number } & (
  | { readonly version: SecretVersion }
  | { readonly absence: SecretsError }
)

/** As it is written: moment, format, key's id, the version's id behind its length, what is sealed. A bare moment: forgotten. */
const format = 1
const keyIdAt = momentDigits + 1
const keyIdBytes = 8
const versionAt = keyIdAt + keyIdBytes + 2
/** What is larger is read from its source. */
const mostBytes = 1_048_576

/** What is sealed before the value, which is left apart: it is in no text that would lie about. */
interface Facts {
  readonly id: string
  readonly name?: string
  readonly stages?: readonly Stage[]
  readonly createdAtMs?: number
  readonly attributes?: Readonly<Record<string, string>>
  readonly kind?: 'text' | 'bytes'
  readonly absent?: { readonly code: ErrorCode; readonly message: string }
}

export interface SealerOptions {
  readonly keyring: Keyring
  readonly random: Random
  readonly nowMs: () => number
  /** Told of a record that does not open where it lies. */
  readonly onProblem: (problem: string) => void
}

/** Makes records that open nowhere but in their place, and opens them. */
export class Sealer {
  readonly #options: SealerOptions

  constructor(options: SealerOptions) {
    this.#options = options
  }

  nameOf({ environment, source, path }: Place): string | undefined {
    return this.#options.keyring.nameOf([environment, source, path])
  }

  /** A record of a version; none where there is no key, or where the version can't be kept. */
  version(place: Place, version: SecretVersion, moment: Moment): Uint8Array | undefined {
    const { id, name, stages, createdAtMs, attributes, value } = version
    const revealed = value.reveal()
    if (typeof revealed === 'string' && !isText(revealed)) return undefined
    const facts: Facts = {
      id,
      kind: value.kind,
      ...(name !== undefined && { name }),
      ...(stages && { stages }),
      ...(createdAtMs !== undefined && { createdAtMs }),
      ...(attributes && { attributes }),
    }
    return this.#sealed(place, { moment, version: version.version, facts, value: Buffer.from(revealed as string) })
  }

  absence(place: Place, { code, message }: SecretsError, moment: Moment): Uint8Array | undefined {
    const facts: Facts = { id: place.path, absent: { code, message } }
    return this.#sealed(place, { moment, version: undefined, facts, value: Buffer.alloc(0) })
  }

  /** What a record says, if it opens in this place. */
  async open(place: Place, record: Uint8Array): Promise<SaidRecord | undefined> {
    const moment = momentOf(record, this.#options.nowMs())
    if (moment !== undefined && record.length === momentDigits) return undefined
    const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
    const parts = moment === undefined || bytes[momentDigits] !== format ? undefined : partsOf(bytes)
    if (!parts || moment === undefined) return this.#passedOver(place)
    const key = await this.#options.keyring.forOpening(parts.keyId)
    if (!key) return undefined
    try {
      const binding = { purpose: 'cache-record', ...place, version: parts.version, moment } as const
      const plain = unseal(parts.sealed, key, binding)
      try {
        return said(plain, parts.version, moment)
      } finally {
        plain.fill(0)
      }
    } catch {
      return this.#passedOver(place)
    }
  }

  #passedOver({ environment }: Place): undefined {
    this.#options.onProblem(
      `A record of ${environment} in the shared cache is damaged, or belongs elsewhere; it counts as missing.`,
    )
    return undefined
  }

  #sealed(
    place: Place,
    said: {
      readonly moment: Moment
      readonly version: string | undefined
      readonly facts: Facts
      readonly value: Buffer
    },
  ): Uint8Array | undefined {
    const { keyring, random } = this.#options
    // No version is told from an empty one.
    const version = said.version === undefined ? '-' : `=${said.version}`
    const facts = Buffer.from(JSON.stringify(said.facts))
    const key = said.value.length + facts.length > mostBytes ? undefined : keyring.forSealing()
    if (!key || Buffer.byteLength(version) > 0xffff) return undefined
    const plain = Buffer.concat([lengthOf(facts), facts, said.value])
    try {
      const binding = { purpose: 'cache-record', ...place, version, moment: said.moment } as const
      const head = Buffer.alloc(versionAt)
      head.write(said.moment, 'latin1')
      head[momentDigits] = format
      head.write(key.id, keyIdAt, 'hex')
      head.writeUInt16BE(Buffer.byteLength(version), versionAt - 2)
      return Buffer.concat([head, Buffer.from(version), seal(plain, key.key, binding, random)])
    } finally {
      plain.fill(0)
      said.value.fill(0)
    }
  }
}

const lengthOf = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

const partsOf = (bytes: Buffer): { keyId: string; version: string; sealed: Uint8Array } | undefined => {
  if (bytes.length < versionAt) return undefined
  const end = versionAt + bytes.readUInt16BE(versionAt - 2)
  if (bytes.length < end) return undefined
  return {
    keyId: bytes.toString('hex', keyIdAt, keyIdAt + keyIdBytes),
    version: bytes.toString('utf8', versionAt, end),
    sealed: bytes.subarray(end),
  }
}

/** It was authenticated: what it holds is what was written. */
const said = (plain: Uint8Array, written: string, moment: Moment): SaidRecord => {
  const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  const factsEnd = 4 + bytes.readUInt32BE(0)
  const { absent, kind, ...facts } = JSON.parse(bytes.toString('utf8', 4, factsEnd)) as Facts
  const saidAtMs = epochMs(moment)
  if (absent) return { moment, saidAtMs, absence: new SecretsError(absent.code, absent.message) }
  const text = bytes.subarray(factsEnd)
  const version: SecretVersion = Object.freeze({
    ...facts,
    ...(written !== '-' && { version: written.slice(1) }),
    value: kind === 'bytes' ? new BytesValue(text) : new TextValue(text.toString('utf8')),
    confirmedAtMs: saidAtMs,
  })
  return { moment, saidAtMs, version }
}
