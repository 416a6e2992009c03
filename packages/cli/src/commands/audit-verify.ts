import { type AuditVerdict, verifyAudit } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { rootKeySource } from '../root-key/root-key-source.ts'
import type { Terminal } from '../terminal.ts'

/** Whether every chain of the audit log is whole. */
export const auditVerifyCommand: Command<DatabaseFlags & RootKeyFlags> = async (context, _args, flags) => {
  const { terminal } = context
  // The root key seals the log's end: without it, a log that was computed anew would pass.
  const rootKey = rootKeySource(context, flags)
  const chains = await verifyAudit({ ...existingDatabase(context, flags), rootKey })
  const isWhole = chains.every(({ verdict }) => verdict.ok)
  if (terminal.json) terminal.data(JSON.stringify({ ok: isWhole, chains: chains.map(inJson) }))
  else for (const chain of chains) terminal.data(inWords(chain, terminal))
  return isWhole ? exitCodes.ok : exitCodes.broken
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')

/** The verdict with its head's hash as a text, to be kept and compared. */
const inJson = ({ verdict, ...chain }: AuditVerdict): object => ({
  ...chain,
  verdict: verdict.ok ? { ok: true, head: { ...verdict.head, hash: hex(verdict.head.hash) } } : verdict,
})

const inWords = ({ chainId, records, verdict }: AuditVerdict, { style }: Terminal): string => {
  if (!verdict.ok)
    return `${style('red', '✗')} ${verdict.message} (chain ${chainId}, link ${verdict.link}, record ${verdict.record})`
  const { head } = verdict
  return `${style('green', '✓')} ${records} records, none edited, removed or reordered (chain ${chainId})
  head: ${hex(head.hash)} (link ${head.seq}, ${head.records} records)`
}
