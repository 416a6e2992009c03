import type { AuditRecord, AuditSink } from '@keyplane/core'
import type { WriteOutcome, WriteUnit } from '@keyplane/database'
import { keep } from '../audit/read-records.ts'
import type { State } from './open-state.ts'

/** Writes what has a record, or nothing. @throws SecretsError as `Writer`, `unavailable` where no record is taken. */
export type RecordedWrite = (unit: WriteUnit) => Promise<WriteOutcome>

/** The record comes with the write where the log is in the same database, else before it. */
export const recordedWrites =
  ({ writer, log }: Pick<State, 'writer' | 'log'>, audit: AuditSink): RecordedWrite =>
  async (unit) => {
    if (audit === log) return writer.write(unit)
    await keep(audit, unit.audit)
    const outcome = await writer.write({ ...unit, audit: [] })
    if (outcome === 'conflict') await keep(audit, unit.audit.map(notDone))
    return outcome
  }

const notDone = (record: AuditRecord): AuditRecord => ({
  ...record,
  decision: 'error',
  detail: { ...record.detail, error: 'conflict' },
})
