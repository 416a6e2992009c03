import { resolve } from 'node:path'
import type { Complain } from './environment-of.ts'
import type { StateConfig, WrittenState } from './state-config.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const leastTtlMs = minuteMs
const mostTtlMs = 24 * hourMs

/** The sections `database`, `sessions` and `audit`, after what is wrong with them was told. Paths begin at the folder. */
export const stateOf = (
  { database, sessions = {}, audit }: WrittenState,
  folder: string,
  complain: Complain,
): StateConfig => {
  const { ttl = 15 * minuteMs, maxTtl = Math.max(ttl, 12 * hourMs) } = sessions
  if (ttl < leastTtlMs || ttl > mostTtlMs) complain(['sessions', 'ttl'], 'must be from 1m to 24h')
  if (maxTtl < ttl) complain(['sessions', 'maxTtl'], 'must be at least the ttl')
  const named = Object.keys(database ?? {}).length
  if (database && named !== 1) complain(['database'], 'needs one of file, url and urlFile')
  if (audit?.kind === 'file' && audit.sealKeyFile !== undefined)
    complain(['audit', 'sealKeyFile'], 'is for a log in the database')
  const placed = (path: string): string => resolve(folder, path)
  const { file, url, urlFile } = database ?? {}
  return {
    ...(file !== undefined && { database: { file: placed(file) } }),
    ...(url !== undefined && { database: { url } }),
    ...(urlFile !== undefined && { database: { urlFile: placed(urlFile) } }),
    sessions: { ttlMs: ttl, maxTtlMs: maxTtl },
    ...(audit && {
      audit: { kind: audit.kind, ...(audit.sealKeyFile !== undefined && { sealKeyFile: placed(audit.sealKeyFile) }) },
    }),
  }
}
