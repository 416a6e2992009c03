import type { Clock, SecretProvider, SecretValue } from '@keyplane/core'

/** A secret that `start` puts into the source before the suite asks for it. */
export interface SeedSecret {
  readonly name: string
  readonly value: SecretValue
}

/** The provider's clock; one with `advance`, as `fakeClock` has it, is moved on in place of waiting. */
export type SuiteClock = Clock & { advance?(ms: number): Promise<void> }

/** A provider under test, over a source that holds the seed. */
export interface ProviderFixture {
  readonly provider: SecretProvider
  /** How a name of the seed is spelled for this source. Default: as it is. */
  readonly spell?: (name: string) => string
  /** An id that the source refuses to give. */
  readonly deniedId?: string
  /** Makes the source fall silent: refused, reset or hung. */
  readonly silence?: () => Promise<void> | void
  /** Makes the source take calls and answer none. */
  readonly hang?: () => Promise<void> | void
  /** Makes the source answer nonsense. */
  readonly babble?: () => Promise<void> | void
  /** The clock on whose scale the provider takes deadlines. Default: the machine's. */
  readonly clock?: SuiteClock
  /** Frees what `start` took, after the provider was closed. */
  readonly stop?: () => Promise<void> | void
}

/** What a source can't have, each with the reason that the skipped test shows. */
export interface ProviderLimits {
  readonly bytes?: string
  readonly empty?: string
  readonly awkwardNames?: string
  readonly denies?: string
  readonly silence?: string
  readonly hang?: string
  readonly babble?: string
  /** The provider takes any role: none is unknown to it. */
  readonly identities?: string
  /** Calls are answered at once, whatever their deadline. */
  readonly deadlines?: string
}
