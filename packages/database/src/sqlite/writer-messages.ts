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

export type ToWriter = { readonly kind: 'batch'; readonly units: readonly WriteUnit[] } | { readonly kind: 'close' }

export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'results'; readonly results: readonly (WriteOutcome | ErrorMessage)[] }
