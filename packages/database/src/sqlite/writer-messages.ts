import type { ErrorCode } from '@keyplane/core'
import type { WriteOutcome, WriteUnit } from '../ports.ts'

/** What `openWriter` hands to its thread beside the path: keys and texts, copied. */
export type ThreadData = Readonly<Record<string, string | Uint8Array>>

/** An error as it crosses threads, where classes are lost. */
export interface ErrorMessage {
  readonly code: ErrorCode
  readonly message: string
  readonly reason?: string
}

export type ToWriter = BatchMessage | { readonly kind: 'close' }

/** Units in two halves: their records go as one text, which is copied in a fraction of what as many objects take. */
export interface BatchMessage {
  readonly kind: 'batch'
  readonly statements: readonly WriteUnit['statements'][]
  /** JSON: a list of records a unit. */
  readonly audit: string
}

export const batchMessage = (units: readonly WriteUnit[]): BatchMessage => ({
  kind: 'batch',
  statements: units.map(({ statements }) => statements),
  audit: JSON.stringify(units.map(({ audit }) => audit)),
})

export const unitsOf = ({ statements, audit }: BatchMessage): readonly WriteUnit[] => {
  const records = JSON.parse(audit) as readonly WriteUnit['audit'][]
  return statements.map((own, index) => ({ statements: own, audit: records[index] ?? [] }))
}

export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'results'; readonly results: readonly (WriteOutcome | ErrorMessage)[] }
