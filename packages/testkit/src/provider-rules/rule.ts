import type { SecretRef } from '@keyplane/core'
import type { ProviderFixture, ProviderLimits } from '../provider-fixture.ts'

/** A fixture, and how its secrets are asked for. */
export interface Given extends ProviderFixture {
  readonly limits: ProviderLimits
  ref(name: string): SecretRef
}

/** One thing that every provider does. */
export interface Rule {
  readonly statement: string
  readonly check: (given: Given) => Promise<void>
  /** Why it can't be asked of this one: an ability that it lacks, or a limit that is declared. */
  readonly skip?: (given: Given) => string | false | undefined
}
