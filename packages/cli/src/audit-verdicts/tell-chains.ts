import type { AuditVerdict } from '@keyplane/store'
import { exitCodes } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

/** Tells how the chains of a database's audit log stand, and gives the exit code of that. */
export const tellChains = (chains: readonly AuditVerdict[], terminal: Terminal): number => {
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
