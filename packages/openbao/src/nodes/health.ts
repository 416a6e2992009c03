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

/** What a node answered, or why it did not; a caller's own end is neither. */
const answered = async (outcome: Promise<NodeAnswer>, signal?: AbortSignal): Promise<NodeAnswer | SecretsError> => {
  try {
    return await outcome
  } catch (thrown) {
    if (signal?.aborted || !(thrown instanceof SecretsError) || thrown.code === 'closed') throw thrown
    return thrown
  }
}

/** The answer of `sys/health`, in words. */
export const healthOf = async (outcome: Promise<NodeAnswer>, signal?: AbortSignal): Promise<Health> => {
  const found = await answered(outcome, signal)
  if (found instanceof SecretsError) return { state: found.code === 'timeout' ? 'hung' : 'unreachable' }
  const version = found.answer.member('version')
  return { state: stateOf(found), ...(typeof version === 'string' ? { version } : {}) }
}

/** A node's seal. `sealed` is not known of a node that does not answer. */
export interface SealStatus {
  readonly sealed: boolean | undefined
  /** `shamir`, `static`, or the key service's. */
  readonly type?: string
  /** Key shares that are there of those that are needed, while a node is being unsealed. */
  readonly progress?: number
  readonly threshold?: number
}

const numberAt = ({ answer }: NodeAnswer, name: string): number | undefined => {
  const member = answer.member(name)
  return typeof member === 'number' ? member : undefined
}

/** The answer of `sys/seal-status`, in words. */
export const sealStatusOf = async (outcome: Promise<NodeAnswer>, signal?: AbortSignal): Promise<SealStatus> => {
  const found = await answered(outcome, signal)
  const sealed = found instanceof SecretsError ? undefined : found.answer.member('sealed')
  if (found instanceof SecretsError || typeof sealed !== 'boolean') return { sealed: undefined }
  const [type, progress, threshold] = [found.answer.member('type'), numberAt(found, 'progress'), numberAt(found, 't')]
  return {
    sealed,
    ...(typeof type === 'string' ? { type } : {}),
    ...(progress === undefined ? {} : { progress }),
    ...(threshold === undefined ? {} : { threshold }),
  }
}
