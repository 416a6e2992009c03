import type { AgentRequest, AgentResponse } from './messages.ts'

/** Looks at a request and either answers it (a refusal) or lets it pass. */
export type Guard = (request: AgentRequest) => AgentResponse | undefined

/** Answers the requests that are its own. */
export type Route = (request: AgentRequest) => AgentResponse | Promise<AgentResponse> | undefined
