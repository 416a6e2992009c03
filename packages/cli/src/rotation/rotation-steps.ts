import { effectAfter, type RotationState } from '@keyplane/rotation'
import type { TailRecord } from '@keyplane/store'

/** A step of a rotation, as the audit log has it. */
export interface NotedStep {
  readonly atMs: number
  readonly arn: string
  /** Absent where somebody asked for the rotation, or to have it taken back. */
  readonly step?: string
  /** What came of it. */
  readonly state: RotationState
  /** By which code and reason it failed. */
  readonly failure?: string
  /** The reason alone: what to do follows from it. */
  readonly reason?: string
}

/** The steps among records, in the order in which they were done. */
export const stepsAmong = (records: readonly TailRecord[]): readonly NotedStep[] =>
  inOrder(records.filter(({ record }) => record.action === 'keyplane:RotationStep').map(stepOf))

/** Steps in the order in which they were done; those of one millisecond by what follows on what. */
export const inOrder = (steps: readonly NotedStep[]): readonly NotedStep[] =>
  [...steps].sort((a, b) => a.atMs - b.atMs || order.indexOf(a.state) - order.indexOf(b.state))

const stepOf = ({ record: { atMs, resource, detail = {} } }: TailRecord): NotedStep => {
  const { State, Step, Code, Reason } = detail
  return {
    atMs,
    arn: resource,
    state: State as RotationState,
    ...(Step !== undefined && { step: Step }),
    ...(Code !== undefined && { failure: Reason === undefined ? Code : `${Code}, ${Reason}` }),
    ...(Reason !== undefined && { reason: Reason }),
  }
}

/** What is done next in a state; nothing where it has ended, or is being taken back. */
export const stepAfter = (state: RotationState): string | undefined =>
  state === 'rolling-back' ? undefined : effectAfter(state)

const stepsBack: readonly string[] = ['revert', 'restore', 'discard']

/** The step failed and is to be done once more. */
export const isRepeated = ({ failure, step = '', state }: NotedStep): boolean =>
  failure !== undefined && (state === 'rolling-back' ? stepsBack.includes(step) : stepAfter(state) === step)

/** What a step's outcome means. */
export const meaningOf = (noted: NotedStep, byFunction: boolean): string => {
  if (isRepeated(noted)) return `did not succeed (${noted.failure}); it is tried again`
  return (byFunction && meaningsByFunction[noted.state]) || meanings[noted.state]
}

const meanings: Readonly<Record<RotationState, string>> = {
  planned: 'written down',
  checked: 'the current credential was looked at',
  created: 'a new credential is stored, as pending',
  set: 'the target has the new credential',
  canary: 'some consumers are given it',
  tested: 'the target accepts it',
  promoted: 'readers get it',
  verified: 'what readers get is accepted',
  finished: 'the old credential is retired',
  'rolling-back': 'is being taken back',
  'rolled-back': 'the credential is what it was',
  failed: 'no stored credential is accepted',
}

/** A function has no step that takes something back. */
const meaningsByFunction: Partial<typeof meanings> = {
  'rolling-back': 'is being ended',
  'rolled-back': 'has ended; what its function did stays',
}

const order = Object.keys(meanings)
