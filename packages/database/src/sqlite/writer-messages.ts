import type { MessagePort } from 'node:worker_threads'
import type { ErrorMessage } from '@keyplane/core'

/** What `openWriter` hands to its thread beside the path: keys and texts, copied. */
export type ThreadData = Readonly<Record<string, string | Uint8Array>>

/** What the thread is told by who started it; batches come over the ports that it joins. */
export type ToWriter = { readonly kind: 'join'; readonly port: MessagePort } | { readonly kind: 'close' }

export type FromWriter = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: ErrorMessage }
