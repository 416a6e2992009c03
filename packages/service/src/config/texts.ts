import { isIP } from 'node:net'
import { durationMs } from '@keyplane/core'
import * as z from 'zod'

/** Text by a pattern, or what it has to be. */
const matching = (pattern: RegExp, rule: string): z.ZodType<string> => z.string().regex(pattern, `must be ${rule}`)

/** It stands in the name of an overlay's file, on any file system. */
export const environmentName: z.ZodType<string> = matching(
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  'a-z, 0-9 and "-", at most 63',
)

export const givenName: z.ZodType<string> = matching(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
  'letters, digits, ".", "_" and "-", at most 128',
)

/** It only ever stands in a body, so it may be nearly any text. */
export const secretName: z.ZodType<string> = matching(
  /^[^\p{Cc}\p{Surrogate}]{1,512}$/u,
  'a line of at most 512 characters',
)

export const filled: z.ZodType<string> = matching(/^[^\0]+$/, 'a text that is not empty')

/** How a key is written where the service knows it: never the key itself. */
export const keyHash: z.ZodType<string> = matching(
  /^sha256:[0-9a-f]{64}$/,
  'sha256: and 64 digits of 0-9 and a-f: the hash of the key, never the key',
)

/** How a certificate is named: by its fingerprint, or by its subject. */
export const certificate: z.ZodType<string> = matching(
  /^(?:sha256:[0-9a-f]{64}|subject:[^\p{Cc}]{1,1024})$/u,
  'sha256: and 64 digits of 0-9 and a-f: the fingerprint of the certificate; or subject: and its subject',
)

/** An IP address, or a network as CIDR writes it. One of everybody is none. */
export const network: z.ZodType<string> = z.string().refine((text) => {
  const [address = '', bits = '', ...more] = text.split('/')
  const longest = { 4: 32, 6: 128 }[isIP(address)]
  if (longest === undefined || more.length > 0) return false
  return !text.includes('/') || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= longest)
}, 'must be an IP address, or a network such as 10.0.0.0/8')

/** Milliseconds of a text with its unit. A bare number but 0 says not what it counts. */
export const duration: z.ZodType<number> = z.unknown().transform((written, context) => {
  if (written === 0) return 0
  if (typeof written === 'string' && /[a-z]$/.test(written))
    try {
      return durationMs(written)
    } catch {
      // Told below.
    }
  context.addIssue({ code: 'custom', message: 'must be 0 or a number with its unit, such as 30s, 5m or 1h' })
  return z.NEVER
})
