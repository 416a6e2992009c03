import type { MessagePort } from 'node:worker_threads'
import type { ErrorMessage } from '@keyplane/core'
import type { WriteOutcome, WriteUnit } from '../ports.ts'

/** What `openWriter` hands to its thread beside the path: keys and texts, copied. */
export type ThreadData = Readonly<Record<string, string | Uint8Array>>

/** What the thread is told by who started it; batches come over the ports that it joins. */
export type ToWriter = { readonly kind: 'join'; readonly port: MessagePort } | { readonly kind: 'close' }

export type FromWriter = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: ErrorMessage }

/** Units in two halves: their records go as one text, which is copied in a fraction of what as many objects take. */
export interface Batch {
  readonly statements: readonly WriteUnit['statements'][]
  /** JSON: a list of records a unit. */
  readonly audit: string
}

/** One a unit, in their order. */
export type Results = readonly (WriteOutcome | ErrorMessage)[]

export const batchMessage = (units: readonly WriteUnit[]): Batch => ({
  statements: units.map(({ statements }) => statements),
  audit: JSON.stringify(units.map(({ audit }) => audit)),
})

export const unitsOf = ({ statements, audit }: Batch): readonly WriteUnit[] => {
  const records = JSON.parse(audit) as readonly WriteUnit['audit'][]
  return statements.map((own, index) => ({ statements: own, audit: records[index] ?? [] }))
}
