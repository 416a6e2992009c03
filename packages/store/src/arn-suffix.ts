import { Buffer } from 'node:buffer'
import type { Random } from '@keyplane/core'

/** A random UUID (version 4). */
export const uuid = (random: Random): string => {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const alphanumerics = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The six characters that end a secret's ARN. */
export const arnSuffix = (random: Random): string => {
  let suffix = ''
  while (suffix.length < 6)
    // 248 is the last multiple of 62: beyond it some characters would be likelier.
    for (const byte of random.bytes(8)) if (byte < 248 && suffix.length < 6) suffix += alphanumerics.charAt(byte % 62)
  return suffix
}
