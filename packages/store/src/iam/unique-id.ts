import { createHash } from 'node:crypto'

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** `AIDA`: a user; `AROA`: a role. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
export type UniqueIdPrefix = 'AIDA' | 'AROA'

/** An id in the form of IAM's, the same for the same owner each time. */
export const uniqueId = (prefix: UniqueIdPrefix, owner: string): string =>
  prefix + base32Text(createHash('sha256').update(owner).digest().subarray(0, 17))

/** One character a byte. */
export const base32Text = (bytes: Uint8Array): string => [...bytes].map((byte) => base32.charAt(byte % 32)).join('')
