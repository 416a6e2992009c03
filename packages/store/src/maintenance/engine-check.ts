/** What an engine's own data were looked at for, and what was found. */
export interface EngineCheck {
  /** What was checked, and what could not be, each in a few words. */
  readonly checks: readonly string[]
  /** What is wrong; empty where all is whole. */
  readonly damage: readonly string[]
  /** Whether every row can be read; where not, nothing more can be said of what is in them. */
  readonly isReadable: boolean
}
