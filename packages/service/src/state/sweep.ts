import type { Clock, Timer } from '@keyplane/core'
import { type Reader, statement, type Writer } from '@keyplane/database'
import type { StateTables } from './tables.ts'

export interface SweepParts {
  readonly reader: Reader<StateTables>
  readonly writer: Writer
  readonly clock: Clock
}

const everyMs = 60_000

/** Removes sessions and answers that are past their end, each minute. They are not taken before, either. */
export const startSweeps = ({ reader: { query }, writer, clock }: SweepParts): { end(): Promise<void> } => {
  let timer: Timer | undefined
  let sweeping: Promise<unknown> = Promise.resolve()
  const sweep = (): void => {
    const statements = (['sessions', 'idempotency'] as const).map((table) =>
      statement(query.deleteFrom(table).where('expires_at_ms', '<=', clock.nowMs()).compile()),
    )
    // What fails here fails for the next write too, which tells of it.
    sweeping = writer.write({ statements, audit: [] }).catch(() => undefined)
    timer = clock.after(everyMs, sweep)
  }
  timer = clock.after(everyMs, sweep)
  return {
    end: async () => {
      timer?.cancel()
      await sweeping
    },
  }
}
