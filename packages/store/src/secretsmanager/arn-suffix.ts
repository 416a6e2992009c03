import type { Random } from '@keyplane/core'

const alphanumerics = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The six characters that end a secret's ARN. */
export const arnSuffix = (random: Random): string => {
  let suffix = ''
  while (suffix.length < 6)
    // 248 is the last multiple of 62: beyond it some characters would be likelier.
    for (const byte of random.bytes(8)) if (byte < 248 && suffix.length < 6) suffix += alphanumerics.charAt(byte % 62)
  return suffix
}
