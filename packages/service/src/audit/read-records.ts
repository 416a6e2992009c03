import { type AuditRecord, type AuditSink, SecretsError } from '@keyplane/core'
import type { ToolConfiguration } from '@keyplane/protocol'
import type { AccessRequest } from '../access/decide.ts'
import { isRefusal } from '../tools/is-refusal.ts'

/** Who asked for what, when, in which request. */
export interface AskedBy extends AccessRequest {
  readonly client: string
  readonly requestId: string
  readonly atMs: number
}

const record = (
  { client: actor, action, requestId, atMs, environment, tool }: AskedBy,
  decision: AuditRecord['decision'],
  { secret, detail }: { readonly secret?: string; readonly detail?: Readonly<Record<string, string>> } = {},
): AuditRecord => ({
  atMs,
  actor,
  action,
  resource: [environment, tool, ...(secret === undefined ? [] : [secret])].join('/'),
  decision,
  requestId,
  ...(detail && { detail }),
})

/** The record of a caller who was refused. */
export const refusedRecord = (asked: AskedBy): AuditRecord => record(asked, 'deny')

/** A record for each value that is about to be delivered, and for each that could not be. */
export const deliveredRecords = (asked: AskedBy, { secrets, missing, errors }: ToolConfiguration): AuditRecord[] => [
  ...[...secrets].map(([secret, { versionId = '', source = '', stale, sourceRequestId }]) => {
    const origin = sourceRequestId === undefined ? {} : { 'openbao.requestId': sourceRequestId }
    return record(asked, 'allow', { secret, detail: { version: versionId, source, stale: String(stale), ...origin } })
  }),
  ...missing.map((secret) => record(asked, 'error', { secret, detail: { error: 'secret_not_found' } })),
  ...errors.map(({ secret, code }) =>
    record(asked, isRefusal(code) ? 'deny' : 'error', { secret, detail: { error: code } }),
  ),
]

/** Keeps records. @throws SecretsError `unavailable` where one can't be kept: then nothing may be delivered. */
export const keep = async (audit: AuditSink, records: readonly AuditRecord[]): Promise<void> => {
  try {
    await Promise.all(records.map((each) => audit.append(each)))
  } catch (cause) {
    throw new SecretsError('unavailable', 'The audit log takes no records, so nothing is given.', { cause })
  }
}
