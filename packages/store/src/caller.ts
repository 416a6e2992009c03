import type { Identity } from './iam/identity.ts'

/** Who calls, and where. */
export interface Caller {
  /** ARN. */
  readonly principal: string
  readonly account: string
  /** The region that the call was signed for. */
  readonly region: string
  readonly identity: Identity
  readonly sourceIp: string
  /** Absent where none was sent. */
  readonly userAgent?: string
  /** Whether it came over TLS. */
  readonly isSecure: boolean
}
