import { SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer } from '../answer.ts'
import { KvFields, type KvMetadata, type KvVersion, type KvVersionState, type KvWritten } from './types.ts'

type Members = Readonly<Record<string, unknown>>

const malformed = (what: string, source: string): SecretsError =>
  new SecretsError('bad_response', `OpenBao's answer ${what}.`, { source })

const isMembers = (member: unknown): member is Members =>
  typeof member === 'object' && member !== null && !Array.isArray(member)

const isNumber = (member: unknown): member is number => Number.isSafeInteger(member) && (member as number) >= 0

/** A moment as OpenBao writes it, to the nanosecond; nothing for an empty text. */
const momentOf = (text: unknown): number | undefined => {
  const ms = typeof text === 'string' && text !== '' ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

const writtenIn = (facts: unknown, source: string): KvWritten => {
  const version = isMembers(facts) ? facts['version'] : undefined
  const createdAtMs = isMembers(facts) ? momentOf(facts['created_time']) : undefined
  if (!isNumber(version) || version === 0 || createdAtMs === undefined)
    throw malformed('names no version and its time', source)
  return { version, createdAtMs }
}

export const writtenOf = (answer: OpenBaoAnswer, source: string): KvWritten => writtenIn(answer.member('data'), source)

export const versionOf = (answer: OpenBaoAnswer, source: string): KvVersion => {
  // A version may be written without any field.
  const fields = answer.member('data', 'data') ?? {}
  if (!isMembers(fields)) throw malformed('has no map of fields', source)
  const { requestId } = answer
  return {
    ...writtenIn(answer.member('data', 'metadata'), source),
    fields: new KvFields(fields),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

const stateOf = (facts: unknown, nowMs: number, source: string): KvVersionState => {
  const createdAtMs = isMembers(facts) ? momentOf(facts['created_time']) : undefined
  if (!isMembers(facts) || createdAtMs === undefined) throw malformed('has a version without a time', source)
  const deletedAtMs = momentOf(facts['deletion_time'])
  // `delete_version_after` names a moment that is still to come.
  const deleted = deletedAtMs !== undefined && deletedAtMs <= nowMs ? { deletedAtMs } : {}
  return { createdAtMs, ...deleted, destroyed: facts['destroyed'] === true }
}

interface MetadataFacts {
  readonly nowMs: number
  readonly source: string
}

export const metadataOf = (answer: OpenBaoAnswer, facts: MetadataFacts): KvMetadata =>
  metadataIn(answer.member('data'), facts)

/** One page of a folder. */
export interface FolderPage {
  /** By their names in the folder; folders in it are left out. */
  readonly secrets: ReadonlyMap<string, KvMetadata>
  /** All names of the page, folders too, in OpenBao's order. */
  readonly names: readonly string[]
}

export const folderPageOf = (answer: OpenBaoAnswer, facts: MetadataFacts): FolderPage => {
  const infos = answer.member('data', 'key_info')
  const names = answer.member('data', 'keys')
  if (!isMembers(infos) || !Array.isArray(names)) throw malformed('describes no secrets', facts.source)
  const secrets = Object.entries(infos).filter(([name]) => !name.endsWith('/'))
  return {
    secrets: new Map(secrets.map(([name, info]) => [name, metadataIn(info, facts)])),
    names: names.map(String),
  }
}

const metadataIn = (member: unknown, { nowMs, source }: MetadataFacts): KvMetadata => {
  const data = isMembers(member) ? member : {}
  const { current_version: currentVersion, versions, custom_metadata: custom } = data
  const updatedAtMs = momentOf(data['updated_time'])
  if (!isNumber(currentVersion) || updatedAtMs === undefined || !isMembers(versions ?? {}))
    throw malformed('has no metadata', source)
  const states = Object.entries((versions ?? {}) as Members).map(([name, state]): [number, KvVersionState] => {
    const version = /^\d{1,15}$/.test(name) ? Number(name) : 0
    if (version === 0) throw malformed('has a version that is no number', source)
    return [version, stateOf(state, nowMs, source)]
  })
  const texts = Object.entries(isMembers(custom) ? custom : {}).filter(([, text]) => typeof text === 'string')
  return {
    currentVersion,
    updatedAtMs,
    versions: new Map(states.sort(([a], [b]) => a - b)),
    customMetadata: Object.fromEntries(texts) as Record<string, string>,
  }
}
