import type { Effect } from '@keyplane/rotation'

/** Where rotations are killed. */
export interface Place {
  /** They are held once the outcome of this step is written; `begin`: once they are begun. */
  readonly after: Effect | 'begin'
  /** `boundary`: killed while they are held. `middle`: let go, and killed before the next step's outcome is written. */
  readonly when: 'boundary' | 'middle'
  /** The new credential is said to be refused once it is current. */
  readonly isTakenBack: boolean
}

const forward: readonly Place['after'][] = ['begin', 'check', 'create', 'set', 'test', 'promote', 'verify', 'retire']
const back: readonly Place['after'][] = ['verify', 'revert', 'restore', 'discard']

const placesOf = (steps: readonly Place['after'][], isTakenBack: boolean): readonly Place[] => [
  ...steps.map((after) => ({ after, when: 'boundary', isTakenBack }) as const),
  // Nothing comes after the last one.
  ...steps.slice(0, -1).map((after) => ({ after, when: 'middle', isTakenBack }) as const),
]

/** Every boundary of a step, and the middle of every step: of a rotation that finishes, and of one that is taken back. */
export const places: readonly Place[] = [...placesOf(forward, false), ...placesOf(back, true)]

export const nameOf = ({ after, when, isTakenBack }: Place): string => {
  const steps = isTakenBack ? back : forward
  return when === 'boundary' ? `after ${after}` : `within ${steps[steps.indexOf(after) + 1]}`
}
