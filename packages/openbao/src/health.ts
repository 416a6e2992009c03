import { SecretsError } from '@keyplane/core'
import type { NodeAnswer } from './nodes.ts'

/** How a node stands. `unreachable`: no answer, or none of OpenBao's; `hung`: none in time. */
export type HealthState = 'active' | 'standby' | 'sealed' | 'uninitialised' | 'unreachable' | 'hung'

export interface Health {
  readonly state: HealthState
  readonly version?: string
}

const stateOf = ({ answer }: NodeAnswer): HealthState => {
  // The body, not the status: which status means what can be set by the asker, and a proxy has statuses of its own.
  if (answer.member('initialized') === false) return 'uninitialised'
  if (answer.member('sealed') === true) return 'sealed'
  if (answer.member('initialized') !== true) return 'unreachable'
  return answer.member('standby') === true ? 'standby' : 'active'
}

/** The answer of `sys/health`, in words. */
export const healthOf = async (outcome: Promise<NodeAnswer>, signal?: AbortSignal): Promise<Health> => {
  try {
    const found = await outcome
    const version = found.answer.member('version')
    return { state: stateOf(found), ...(typeof version === 'string' ? { version } : {}) }
  } catch (thrown) {
    if (signal?.aborted || !(thrown instanceof SecretsError) || thrown.code === 'closed') throw thrown
    return { state: thrown.code === 'timeout' ? 'hung' : 'unreachable' }
  }
}
