import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Caller } from '../guards/callers.ts'
import type { RequestLimit } from '../guards/request-limit.ts'
import type { ConnectionRoom } from './connection-room.ts'
import type { FastConnection } from './fast-path.ts'
import type { IdleLimits } from './idle-end.ts'
import type { AgentRequest, AgentResponse } from './messages.ts'
import type { HttpDate } from './response-bytes.ts'

/** Whoever connects: a client known by its user, anybody else who may show a token, or nobody who may come in. */
export type Admission = Caller | 'by token' | 'refused'

export interface ServerParts {
  readonly app: (request: AgentRequest) => AgentResponse | Promise<AgentResponse>
  /**
   * The bytes for a plain request for a secret; nothing hands the connection to `node:http` for good. An answer that
   * somebody waits for asks, when it is made, whether it is the connection's last.
   */
  readonly fastPath: (chunk: Buffer, connection: FastConnection) => Buffer | Promise<Buffer> | undefined
  /** Who comes by a connection. Default: whoever shows a token. */
  readonly admit?: (socket: Socket) => Admission
  /** Default: for any number of connections. */
  readonly room?: ConnectionRoom
  readonly limit: RequestLimit
  readonly date: HttpDate
  /** The listener speaks TLS. Default: it does not. */
  readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>
  readonly onError: (error: unknown) => void
  /** Default: a minute, and five seconds. */
  readonly idle?: IdleLimits
}
