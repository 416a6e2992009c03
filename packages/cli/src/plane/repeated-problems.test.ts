import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { RepeatedProblems } from './repeated-problems.ts'

describe('problems that repeat', () => {
  it('are told at once, then by their number, then no more', async () => {
    const clock = fakeClock()
    const told: string[] = []
    const problems = new RepeatedProblems(clock, (problem) => told.push(problem))
    for (let call = 0; call < 500; call += 1) problems.note('The disk is full.', `The disk is full. (call ${call})`)
    problems.note('Other.', 'Other. (call 9)')
    expect(told).toEqual(['The disk is full. (call 0)', 'Other. (call 9)'])
    await clock.advance(10_000)
    expect(told.slice(2)).toEqual(['The disk is full. (499 more)'])
    await clock.advance(10_000)
    problems.note('The disk is full.', 'The disk is full. (call 500)')
    expect(told.slice(3)).toEqual(['The disk is full. (call 500)'])
    problems.close()
    expect(clock.waiting).toBe(0)
  })
})
