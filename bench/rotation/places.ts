import type { Effect } from '@keyplane/rotation'
import { type Kind, overlaps } from '../../test/real/rotation/rotated-user.ts'

/** Where rotations are killed. */
export interface Place {
  readonly name: string
  /** They are held once the outcome of this step is written; `begin`: once they are begun. */
  readonly after: Effect | 'begin'
  /** `boundary`: killed while they are held. `middle`: let go, and killed before the next step's outcome is written. */
  readonly when: 'boundary' | 'middle'
  /** The new credential is said to be refused once it is current. */
  readonly isTakenBack: boolean
}

type Steps = readonly Place['after'][]
const forward: Steps = ['begin', 'check', 'create', 'set', 'test', 'promote', 'verify', 'retire']
/** With a canary, which a target has to accept old and new side by side for. */
const watched: Steps = ['begin', 'check', 'create', 'set', 'test', 'observe', 'promote', 'verify', 'retire']
const back: Steps = ['verify', 'revert', 'restore', 'discard']

const placesOf = (steps: Steps, isTakenBack: boolean): readonly Place[] => [
  ...steps.map((after) => ({ name: `after ${after}`, after, when: 'boundary', isTakenBack }) as const),
  // Nothing comes after the last one.
  ...steps
    .slice(0, -1)
    .map((after, index) => ({ name: `within ${steps[index + 1]}`, after, when: 'middle', isTakenBack }) as const),
]

/** Every boundary of a step, and the middle of every step: of a rotation that finishes, and of one that is taken back. */
export const placesFor = (kind: Kind): readonly Place[] => [
  ...placesOf(overlaps(kind) ? watched : forward, false),
  ...placesOf(back, true),
]
