import type { X509Certificate } from 'node:crypto'

/**
 * How a certificate can be named in the configuration: `sha256:` and the digits of its fingerprint, or `subject:` and its
 * subject, as `subject:O=Example, CN=shop`. What is no plain text in a subject is escaped, so that no two are written alike.
 */
export const certificateNames = ({ fingerprint256, subject }: X509Certificate): readonly string[] => [
  `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`,
  `subject:${subject.split('\n').join(', ')}`,
]
