import { describe, expect, it } from 'vitest'
import { pendingOf } from './rotating-store.ts'

describe('the version that a rotation is making', () => {
  it.each([
    ['one under AWSPENDING', { a: ['AWSCURRENT'], b: ['AWSPENDING'] }, 'b'],
    ['none that is current', { a: ['AWSCURRENT', 'AWSPENDING'] }, undefined],
    ['none of a trial', { a: ['AWSCURRENT'], 'keyplane-rotation-trial-1': ['AWSPENDING'] }, undefined],
    ['none where there is no label', { a: ['AWSCURRENT'] }, undefined],
  ])('is %s', (_, labels, version) => {
    expect(pendingOf(labels)).toBe(version)
  })
})
