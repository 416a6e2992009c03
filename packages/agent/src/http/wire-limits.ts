import { type AgentRequest, type AgentResponse, text } from './messages.ts'

/** The AWS agent's own limits: 100 headers, and 65,534 bytes of target. */
const maxHeaders = 100
const maxTargetBytes = 65_534

/** Refuses what the AWS agent's HTTP parser does, before any guard; the connection ends with it. */
export const beyondWireLimits = ({ target, rawHeaders }: AgentRequest): AgentResponse | undefined => {
  if (target.length > maxTargetBytes) return text(414, '')
  if (rawHeaders.length > 2 * maxHeaders) return text(431, '')
  return undefined
}
