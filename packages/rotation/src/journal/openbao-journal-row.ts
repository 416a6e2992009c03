import { SecretsError } from '@keyplane/core'
import type { KvFields } from '@keyplane/openbao'

/** What OpenBao keeps of a secret's rotation: who may write, and what was written. */
export interface JournalRow {
  readonly secretId: string
  /** Empty: nobody. */
  readonly holder: string
  readonly fence: number
  readonly expiresAtMs: number
  readonly revision: number
  readonly urgency: number
  readonly dueAtMs: number
  /** Empty: there was no rotation yet. */
  readonly record: string
}

const texts = ['secretId', 'holder', 'record'] as const
const numbers = ['fence', 'expiresAtMs', 'revision', 'urgency', 'dueAtMs'] as const

/** As texts: OpenBao's audit log shows numbers as they are. */
export const fieldsOf = (row: JournalRow): Readonly<Record<string, string>> =>
  Object.fromEntries([...texts, ...numbers].map((name) => [name, String(row[name])]))

/** @throws SecretsError `integrity` for what `fieldsOf` did not make. */
export const rowOf = (kept: KvFields): JournalRow => {
  const fields = kept.reveal()
  const row = Object.fromEntries([
    ...texts.map((name) => [name, textIn(fields, name)]),
    ...numbers.map((name) => [name, numberIn(fields, name)]),
  ])
  return row as JournalRow
}

type Fields = Readonly<Record<string, unknown>>

const textIn = (fields: Fields, name: string): string => {
  const found = fields[name]
  if (typeof found === 'string') return found
  throw damaged(name)
}

const numberIn = (fields: Fields, name: string): number => {
  const text = textIn(fields, name)
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw damaged(name)
}

const damaged = (name: string): SecretsError =>
  new SecretsError('integrity', `An entry of rotations in OpenBao has no right ${JSON.stringify(name)}.`, {
    source: 'openbao',
    reason: 'damaged_record',
  })
