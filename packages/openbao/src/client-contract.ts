import type { Clock, Random } from '@keyplane/core'
import type { OpenBaoAnswer } from './answer.ts'
import type { Auth } from './logins/auth.ts'
import type { Health, SealStatus } from './nodes/health.ts'
import type { RefusalLedger } from './refusal-ledger.ts'
import type { TokenLife } from './token-keeper.ts'

export interface OpenBaoClientOptions {
  /** One node, or several of one cluster: `https://host[:port]`. Plain http to this machine only. */
  readonly endpoints: readonly string[]
  readonly auth: Auth
  /** `team/app`. Default: the root namespace. */
  readonly namespace?: string
  readonly clock?: Clock
  readonly random?: Random
  /** For a whole call, logins and tries at other nodes included. Default 2,500. */
  readonly timeoutMs?: number
  /** Lets plain http, and tokens with it, go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  /** The provider's name, for errors. Default `openbao`. */
  readonly source?: string
  /** Told of what OpenBao found odd about a request that it served. Never a value. */
  readonly onWarning?: (warning: string) => void
  /**
   * The id of what causes a request, sent as `X-Correlation-Id`; OpenBao's audit log has it where the operator has registered
   * that header. Up to 128 printable characters; another one is left out.
   */
  readonly correlationId?: () => string | undefined
  /**
   * Where refused logins by AppRole are kept, which lock the role for everybody. Processes that share a role lock it together
   * unless they share this, too. Default: this process's memory.
   */
  readonly refusals?: RefusalLedger | undefined
}

export interface OpenBaoCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/v1/`, each segment encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** Whether asking twice does no more than asking once. Default: for GET. */
  readonly repeatable?: boolean
  readonly signal?: AbortSignal
  /** On the clock's monotonic scale; the client's own limit holds beside it. */
  readonly deadlineAtMs?: number
}

export type Limits = Pick<OpenBaoCall, 'signal' | 'deadlineAtMs'>

export interface OpenBaoClient {
  /**
   * One call with a token, at whichever node answers.
   * @throws SecretsError for every answer that is no success, by what it means.
   */
  call(call: OpenBaoCall): Promise<OpenBaoAnswer>
  /** The same for a call that makes a lease, which ends with the token that it was made by. */
  leased(call: OpenBaoCall): Promise<{ readonly answer: OpenBaoAnswer; readonly login: TokenLife }>
  /** How each node stands, by its origin; asked without a token. */
  health(call?: Limits): Promise<ReadonlyMap<string, Health>>
  /** Each node's seal, by its origin; asked without a token. */
  sealStatus(call?: Limits): Promise<ReadonlyMap<string, SealStatus>>
  /**
   * Forgets the token, and that a login was refused: the next call logs in. By AppRole, whose role would be locked, a
   * refused login is tried again so once in 16 minutes.
   */
  refresh(): void
  /** Cuts all connections; every later call fails with `closed`. Resolves once no login is under way. */
  close(): Promise<void>
}
