import { describe, expect, it } from 'vitest'
import { survey, unfit } from './mutations/survey.ts'
import { trials } from './mutations/trial.ts'

describe('the vectors', () => {
  it('are passed by the package as it is', () => {
    expect(unfit(trials)).toBeUndefined()
  })

  it('notice every change of the decision', { timeout: 120_000 }, () => {
    const { killed, survivors, stale } = survey(['decide.ts', 'hearing.ts', 'verdict.ts', 'grants.ts'], trials)
    expect(survivors).toEqual([])
    expect(stale).toEqual([])
    expect(killed).toBeGreaterThan(500)
  })
})
