import type { ManyReader } from '@keyplane/core'
import type { Answers, AnswersOptions } from './answers.ts'
import type { Entry } from './entry.ts'
import type { Flights } from './flights.ts'
import { Herds, isBatchable as isPlain } from './herds.ts'
import { RefreshAhead } from './refresh-ahead.ts'

export interface UpkeepParts {
  readonly many: ManyReader | undefined
  readonly options: AnswersOptions
  readonly answers: Answers
  readonly flights: Flights
  /** Sets off a refresh that nobody waits for. */
  readonly refreshBehind: (entry: Entry) => void
}

/** How answers are checked with few calls: those that fall due together, and those that are in use ahead of their expiry. */
export interface Upkeep {
  /** Nothing where the source reads one by one. */
  readonly herds: Herds | undefined
  readonly ahead: RefreshAhead
}

export const upkeepOf = ({ many, options, answers, flights, refreshBehind }: UpkeepParts): Upkeep => {
  const isBatchable = ({ ref, keys }: Entry): boolean => isPlain(ref) && !keys.some((key) => flights.has(key))
  const herds =
    many &&
    new Herds({
      many,
      callsUnderWay: () => flights.count,
      takeExpired: (count) => answers.takeExpired(count, isBatchable),
      refreshBehind,
    })
  const ahead = new RefreshAhead({
    ...options,
    entries: () => answers.entries(),
    perCall: () => (many && (many.savesCalls?.() ?? true) ? many.maxRefs : 1),
    isBatchable,
    refreshTogether: (entries) => herds?.refreshTogether(entries),
    refreshBehind,
  })
  return { herds, ahead }
}
