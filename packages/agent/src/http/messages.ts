import { splitTarget } from '@keyplane/protocol'
import type { Caller } from '../guards/callers.ts'

/** A request as it stood on the wire, before anything was made of it. */
export interface AgentRequest {
  readonly method: string
  /** The request target, undecoded. */
  readonly target: string
  /** Names and values in turn, in the order sent. */
  readonly rawHeaders: readonly string[]
  /** Who is known by the connection: no token counts. */
  readonly peer?: Caller
}

export interface AgentResponse {
  readonly status: number
  readonly contentType: 'application/json' | 'text/plain' | 'text/plain; charset=utf-8'
  readonly body: string | Buffer
}

export const text = (status: number, body: string): AgentResponse => ({ status, contentType: 'text/plain', body })

export const json = (status: number, body: string | Buffer): AgentResponse => ({
  status,
  contentType: 'application/json',
  body,
})

/** The first value of a header: of a name sent twice, the AWS agent looks at the first one only. */
export const firstHeader = ({ rawHeaders }: AgentRequest, lowerCaseName: string): string | undefined => {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === lowerCaseName) return rawHeaders[index + 1]
  return undefined
}

/** All values of a header, in the order sent. */
export const headerValues = ({ rawHeaders }: AgentRequest, lowerCaseName: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === lowerCaseName)

const isAt =
  (path: string) =>
  ({ target }: AgentRequest): boolean =>
    splitTarget(target).path === path

export const isPing: (request: AgentRequest) => boolean = isAt('/ping')
export const isReadyz: (request: AgentRequest) => boolean = isAt('/readyz')
export const isMetrics: (request: AgentRequest) => boolean = isAt('/metrics')

/** Liveness and readiness are asked by those who have no token: container runtimes, load balancers. */
export const isProbe = (request: AgentRequest): boolean => isPing(request) || isReadyz(request)
