import { decide, explain } from '@keyplane/policy'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Case, caseArbitrary } from './oracle/cases.ts'
import { comparisons, negations } from './oracle/compare.ts'
import { rule, told } from './oracle/oracle.ts'
import { policyRules } from './oracle/rules.ts'

const runs = 20_000
/** Fewer than this of one kind, and the cases no longer reach what they are to try. */
const least = 2

const counts = new Map<string, number>()
const count = (what: string): void => {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}

const agrees = ({ request, policies }: Case): void => {
  const { rule: why, ...ruling } = rule(request, policies, count)
  count(why)
  const decision = decide(request, policies)
  // Plain comparisons: an `expect` for each of so many cases takes longer than the cases.
  const [said, wanted] = [JSON.stringify(told(decision)), JSON.stringify(ruling)]
  if (said !== wanted) throw new Error(`${why}: decide says ${said}, the oracle ${wanted}`)
  if (explain(request, policies).decision !== decision) throw new Error('explain says another decision than decide')
}

/** A case as the files in `vectors/` tell one. */
const asVector = ({ request, policies }: Case): string => {
  const { rule: says, ...expected } = rule(request, policies, () => {})
  const { identity, ...others } = policies
  const shown = { ...others, identity: identity.map(({ policy }) => policy) }
  const asked = { ...request, context: Object.fromEntries(request.context) }
  return JSON.stringify({ says, request: asked, policies: shown, expect: expected }, null, 2)
}

const seldom = (kinds: readonly string[]): readonly string[] => kinds.filter((kind) => (counts.get(kind) ?? 0) < least)

describe(`decide, over ${runs} generated cases`, () => {
  let seed: number

  beforeAll(() => {
    const result = fc.check(fc.property(caseArbitrary, agrees), { numRuns: runs })
    ;({ seed } = result)
    console.log(`oracle: seed ${seed}, ${result.numRuns} cases`)
    if (result.counterexample !== null)
      throw new Error(`seed ${seed}; ${asVector(result.counterexample[0])}`, { cause: result.errorInstance })
  }, 60_000)

  it('says what the oracle says', () => {
    expect(counts.size).toBeGreaterThan(0)
  })

  it('was asked where each rule of the documentation decides', () => {
    expect(seldom(policyRules), `seed ${seed}`).toEqual([])
  })

  it('was asked where each operator holds, where it does not, and where its key is absent', () => {
    const absent = (name: string): string => `${name} of a key absent: ${name in negations}`
    const operators = [...Object.keys(comparisons), ...Object.keys(negations)]
    const outcomes = ['Null', ...operators].flatMap((name) =>
      [true, false].map((held) => `${name} of a key present: ${held}`),
    )
    expect(seldom([...outcomes, ...operators.map(absent)]), `seed ${seed}`).toEqual([])
  })

  it('was asked with each set operator and IfExists', () => {
    const names = ['ForAllValues:', 'ForAnyValue:', ''].flatMap((set) =>
      ['Positive', 'Negated', 'PositiveIfExists', 'NegatedIfExists'].map((kind) => `${set}${kind}`),
    )
    const qualified = names.filter((name) => name !== 'Positive' && name !== 'Negated')
    const outcomes = qualified.flatMap((name) => [true, false].map((held) => `${name} of a key present: ${held}`))
    const absent = qualified.map(
      (name) => `${name} of a key absent: ${name.endsWith('IfExists') || name.startsWith('ForAll')}`,
    )
    expect(seldom([...outcomes, ...absent]), `seed ${seed}`).toEqual([])
  })
})
