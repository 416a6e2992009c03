import type { Clock, Timer } from '@keyplane/core'
import { type Reader, statement, type Writer } from '@keyplane/database'
import type { StateTables } from './tables.ts'

export interface SweepParts {
  readonly reader: Reader<StateTables>
  readonly writer: Writer
  readonly clock: Clock
}

const everyMs = 60_000

const swept = ['sessions', 'idempotency', 'login_refusals'] as const

/** Removes sessions, answers and refusals that are past their end, each minute. They are not taken before, either. */
export const startSweeps = ({ reader, writer, clock }: SweepParts): { end(): Promise<void> } => {
  const { query } = reader
  let timer: Timer | undefined
  let sweeping: Promise<unknown> = Promise.resolve()
  const sweep = async (): Promise<void> => {
    const nowMs = clock.nowMs()
    // Where there is nothing, nothing is written: the writer may not even be open.
    const found = await reader.snapshot(
      swept.map((table) =>
        query.selectFrom(table).select('expires_at_ms').where('expires_at_ms', '<=', nowMs).limit(1).compile(),
      ),
    )
    const tables = swept.filter((_, index) => (found[index]?.length ?? 0) > 0)
    if (tables.length === 0) return
    const statements = tables.map((table) =>
      statement(query.deleteFrom(table).where('expires_at_ms', '<=', nowMs).compile()),
    )
    await writer.write({ statements, audit: [] })
  }
  const next = (): void => {
    timer = clock.after(everyMs, () => {
      // What fails here fails for the next write too, which tells of it.
      sweeping = sweep().catch(() => undefined)
      next()
    })
  }
  next()
  return {
    end: async () => {
      timer?.cancel()
      await sweeping
    },
  }
}
