import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { labelOfStage, stageOfLabel } from './stages.ts'

describe('staging labels', () => {
  it.each([
    ['AWSCURRENT', 'current'],
    ['AWSPREVIOUS', 'previous'],
    ['AWSPENDING', 'pending'],
    ['current', 'label:current'],
    ['awscurrent', 'label:awscurrent'],
    ['', 'label:'],
  ] as const)('AWS label %j is %j', (label, stage) => {
    expect(stageOfLabel(label)).toBe(stage)
    expect(labelOfStage(stage)).toBe(label)
  })

  it('every label of AWS survives the way there and back', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (label) => labelOfStage(stageOfLabel(label)) === label))
  })
})
