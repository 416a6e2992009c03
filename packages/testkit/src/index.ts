/**
 * Rules that implementations obey, and the stand-ins that their tests need: run `describeProvider` on a provider of your
 * own, with a clock that stands still and chance that repeats. For tests only.
 */
export { describeProvider, type SuiteRunner } from './describe-provider.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export type { ProviderFixture, ProviderLimits, SeedSecret, SuiteClock } from './provider-fixture.ts'
export { seededRandom } from './seeded-random.ts'
