import type { ProviderFixture, ProviderLimits, SeedSecret } from './provider-fixture.ts'
import { abilityRules } from './provider-rules/abilities.ts'
import { endingRules } from './provider-rules/ending.ts'
import { failingRules } from './provider-rules/failing.ts'
import { readingRules } from './provider-rules/reading.ts'
import type { Rule } from './provider-rules/rule.ts'
import { seedWithin } from './provider-rules/seed.ts'
import { writingRules } from './provider-rules/writing.ts'

/** The part of a test runner that the suite uses; vitest's and node:test's both fit. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: (test: { skip(reason: string): void }) => Promise<void>): unknown
}

const rules: readonly Rule[] = [...readingRules, ...failingRules, ...endingRules, ...abilityRules, ...writingRules]

/**
 * The rules that every provider obeys, and every layer over one. Each rule is one test, over a fixture of its own; a rule
 * is skipped only for an ability that the provider lacks or a limit that is declared, and the skip says which.
 */
export const describeProvider = (
  name: string,
  start: (seed: readonly SeedSecret[]) => Promise<ProviderFixture>,
  { describe, it }: SuiteRunner,
  limits: ProviderLimits = {},
): void => {
  const define = ({ statement, check, skip }: Rule): void => {
    it(statement, async (test) => {
      const fixture = await start(seedWithin(limits))
      const given = {
        ...fixture,
        limits,
        ref: (wanted: string) => ({ id: fixture.spell?.(wanted) ?? wanted }),
      }
      try {
        const reason = skip?.(given)
        if (reason) return test.skip(reason)
        await check(given)
      } finally {
        await fixture.provider.close?.()
        await fixture.stop?.()
      }
    })
  }
  describe(`${name} as a provider`, () => rules.forEach(define))
}
