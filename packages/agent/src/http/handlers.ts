import type { Caller } from '../guards/callers.ts'
import type { AgentRequest, AgentResponse } from './messages.ts'

/** What guards have found out about a request, for who comes after them. */
export interface Visit {
  /** Absent for probes. */
  caller?: Caller
}

/** Looks at a request and either answers it (a refusal) or lets it pass. */
export type Guard = (request: AgentRequest, visit: Visit) => AgentResponse | undefined

/** Answers the requests that are its own. */
export type Route = (request: AgentRequest, visit: Visit) => AgentResponse | Promise<AgentResponse> | undefined
