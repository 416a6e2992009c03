import { describe, expect, it } from 'vitest'
import { type Labels, labelsAfterPut, labelsAfterPutWith } from './version-stages.ts'

type Table = Readonly<Record<string, string>>

const labels = (table: Table): Labels =>
  new Map(Object.entries(table).map(([version, list]) => [version, list.split(' ')] as const))
const table = (found: Labels): Table =>
  Object.fromEntries(
    [...found]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([version, held]) => [version, held.toSorted().join(' ')]),
  )

/** Traces as AWS leaves them; the first column before, the last after. */
const puts: readonly (readonly [name: string, before: Table, version: string, after: Table])[] = [
  ['a first value becomes current', {}, 'v1', { v1: 'AWSCURRENT' }],
  ['a second makes the first previous', { v1: 'AWSCURRENT' }, 'v2', { v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' }],
  [
    'a third takes the last label off the first',
    { v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' },
    'v3',
    { v2: 'AWSPREVIOUS', v3: 'AWSCURRENT' },
  ],
  [
    'pending is dropped from the version that was current',
    { v1: 'AWSPREVIOUS', v2: 'AWSCURRENT AWSPENDING' },
    'v3',
    { v2: 'AWSPREVIOUS', v3: 'AWSCURRENT' },
  ],
  [
    'pending is dropped from a rotation that got stuck',
    { v1: 'AWSCURRENT', v2: 'AWSPENDING' },
    'v3',
    { v1: 'AWSPREVIOUS', v3: 'AWSCURRENT' },
  ],
  [
    "the caller's own labels stay where they are",
    { v1: 'AWSPREVIOUS', v2: 'AWSCURRENT AWSSOMETHING PUT1' },
    'v3',
    { v2: 'AWSPREVIOUS AWSSOMETHING PUT1', v3: 'AWSCURRENT' },
  ],
  [
    'a pending version that is filled becomes current',
    { v1: 'AWSCURRENT', v2: 'AWSPENDING' },
    'v2',
    { v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' },
  ],
]

const putsWith: readonly (readonly [name: string, before: Table, stages: string, after: Table])[] = [
  ['a first value gets AWSCURRENT besides', {}, 'AWSPENDING', { n: 'AWSCURRENT AWSPENDING' }],
  ['AWSCURRENT is not touched', { v1: 'AWSCURRENT' }, 'AWSPENDING', { n: 'AWSPENDING', v1: 'AWSCURRENT' }],
  [
    'a named label moves from its holder, which is deprecated by it',
    { v1: 'AWSCURRENT', v2: 'AWSPENDING' },
    'AWSPENDING',
    { n: 'AWSPENDING', v1: 'AWSCURRENT' },
  ],
  [
    'a named AWSCURRENT leaves AWSPREVIOUS behind',
    { v1: 'AWSCURRENT', v0: 'AWSPREVIOUS' },
    'AWSCURRENT blue',
    { n: 'AWSCURRENT blue', v1: 'AWSPREVIOUS' },
  ],
  ['a label named twice is there once', { v1: 'AWSCURRENT' }, 'blue blue', { n: 'blue', v1: 'AWSCURRENT' }],
]

describe('a put without labels', () => {
  it.each(puts)('%s', (_name, before, version, after) => {
    expect(table(labelsAfterPut(labels(before), version))).toEqual(after)
  })
})

describe('a put with labels', () => {
  it.each(putsWith)('%s', (_name, before, stages, after) => {
    expect(table(labelsAfterPutWith(labels(before), 'n', stages.split(' ')))).toEqual(after)
  })

  it('keeps the order in which labels were named, and appends AWSCURRENT', () => {
    expect(labelsAfterPutWith(new Map(), 'n', ['b', 'a']).get('n')).toEqual(['b', 'a', 'AWSCURRENT'])
  })
})
