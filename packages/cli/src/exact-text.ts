import { revealText, type SecretValue } from '@keyplane/core'

/**
 * The value as a text from which UTF-8 gives the same value back, byte by byte; nothing where there is none: bytes that
 * are no UTF-8, half a surrogate pair.
 */
export const exactText = (value: SecretValue): string | undefined => {
  try {
    const text = revealText(value)
    // With the flag `u` a surrogate is one that stands alone.
    return /\p{Surrogate}/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
