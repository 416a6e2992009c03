import { type Random, uuid } from '@keyplane/core'
import type { BeforeCommit } from '../ports.ts'
import type { PostgresSession } from '../postgres/session.ts'
import { appendAudit } from './append-audit.ts'
import { sealedChain } from './audit-head.ts'
import { type AuditKeeper, registrationRecord } from './audit-registration.ts'

export interface HoldChainParts {
  readonly keeper: AuditKeeper
  readonly auditKey?: Uint8Array | undefined
  readonly random: Random
  readonly nowMs: number
}

/**
 * Takes an audit chain for a connection to append to: one that no other connection holds, else a new one. So there are as
 * many chains as there were processes at once, and processes do not wait for each other's commits. That two never hold
 * one is a matter of speed only: whoever appends locks the chain's head.
 */
export const holdChain = async (session: PostgresSession, parts: HoldChainParts): Promise<BeforeCommit> => {
  const appendTo = (chainId: string): BeforeCommit => appendAudit({ engine: 'postgres', key: parts.auditKey, chainId })
  const { rows } = await session.exec('select chain_id from audit_chains order by registered_at_ms, chain_id')
  for (const { chain_id } of rows) if (await hold(session, String(chain_id))) return appendTo(String(chain_id))
  const oldest = rows[0]?.['chain_id']
  if (typeof oldest !== 'string') throw new Error('There is no audit chain.')
  return appendTo(await register(session, appendTo(oldest), parts))
}

const hold = async (session: PostgresSession, chainId: string): Promise<boolean> => {
  const { rows } = await session.exec('select pg_try_advisory_lock(hashtextextended($1, 0))::int as held', [chainId])
  return rows[0]?.['held'] === 1
}

const insertChain = `insert into audit_chains (chain_id, registered_at_ms, seq, records, hash, head_hash, head_mac)
  values ($1, greatest($2, (select max(registered_at_ms) + 1 from audit_chains)), $3, $4, $5, $6, $7)`

/** In one transaction: the chain, and its record in the oldest one, which stays the oldest whatever the clock says. */
const register = async (
  session: PostgresSession,
  oldest: BeforeCommit,
  { keeper, auditKey, random, nowMs }: HoldChainParts,
): Promise<string> => {
  const chain = sealedChain(uuid(random), nowMs, auditKey)
  const { chain_id, registered_at_ms, seq, records, hash, head_hash, head_mac } = chain
  await session.exec('begin')
  const { rows } = await session.run(oldest.read)
  const registered = [registrationRecord(chain_id, { keeper, atMs: nowMs, requestId: uuid(random) })]
  for (const statement of oldest.write(rows[0], registered)) await session.run(statement)
  await session.exec(insertChain, [chain_id, registered_at_ms, seq, records, hash, head_hash, head_mac])
  await hold(session, chain_id)
  await session.exec('commit')
  return chain_id
}
