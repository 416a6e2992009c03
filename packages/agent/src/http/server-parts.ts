import type { TlsOptions } from 'node:tls'
import type { RequestLimit } from '../guards/request-limit.ts'
import type { IdleLimits } from './idle-end.ts'
import type { AgentRequest, AgentResponse } from './messages.ts'
import type { HttpDate } from './response-bytes.ts'

export interface ServerParts {
  readonly app: (request: AgentRequest) => AgentResponse | Promise<AgentResponse>
  /**
   * The bytes for a plain request for a secret; nothing hands the connection to `node:http` for good. An answer that
   * somebody waits for asks, when it is made, whether it is the connection's last.
   */
  readonly fastPath: (chunk: Buffer, isLast: () => boolean) => Buffer | Promise<Buffer> | undefined
  readonly limit: RequestLimit
  readonly date: HttpDate
  /** The listener speaks TLS. Default: it does not. */
  readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>
  readonly onError: (error: unknown) => void
  /** Default: a minute, and five seconds. */
  readonly idle?: IdleLimits
}
