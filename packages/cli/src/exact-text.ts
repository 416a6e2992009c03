import type { SecretValue } from '@keyplane/core'

/**
 * The value as a text from which UTF-8 gives the same value back, byte by byte; nothing where there is none: bytes that
 * are no UTF-8, half a surrogate pair.
 */
export const exactText = (value: SecretValue): string | undefined => {
  // With the flag `u` a surrogate is one that stands alone.
  if (value.kind === 'text') return /\p{Surrogate}/u.test(value.reveal()) ? undefined : value.reveal()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value.reveal())
  } catch {
    return undefined
  }
}
