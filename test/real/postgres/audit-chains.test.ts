import { hashHead, newChain } from '@keyplane/audit'
import { auditTail, verifyAudit } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from './scratch-server.ts'
import { ask, SharedStores } from './shared-store.ts'

let server: ScratchServer
let stores: SharedStores
/** The oldest chain's id, then the others'. */
let chains: readonly string[] = []
let made = 0

beforeAll(async () => {
  server = await ScratchServer.start()
  stores = new SharedStores(await server.createDatabase('chains'))
  await stores.start(3)
  for (const [index, { client }] of stores.stores.entries()) {
    await ask(client, `one/${index}`, 'create')
    for (let count = 0; count < 5; count += 1) await ask(client, `one/${index}`)
  }
  await stores.end()
  const rows = await server.query('select chain_id from audit_chains order by registered_at_ms', 'chains')
  chains = rows.map(({ chain_id }) => String(chain_id))
})
afterAll(async () => {
  await stores.remove()
  await server.stop()
})

/** What is found in a copy of the database that was edited with plain SQL, behind the references' back. */
const problems = async (statements: readonly string[], { withKey = true } = {}): Promise<readonly string[]> => {
  const copy = `copy_${(made += 1)}`
  await server.query(`create database ${copy} template chains`)
  await server.query(['set session_replication_role = replica', ...statements].join('; '), copy)
  const databaseUrl = server.url(copy)
  const verdicts = await verifyAudit(withKey ? { databaseUrl, rootKey: stores.rootKey } : { databaseUrl })
  return verdicts.map(({ verdict }) => (verdict.ok ? 'none' : verdict.problem))
}

/** Statements that remove all of a chain. */
const removal = (chain: string | undefined): readonly string[] =>
  ['audit_records', 'audit_links', 'audit_chains'].map((table) => `delete from ${table} where chain_id = '${chain}'`)
const hex = (bytes: Uint8Array): string => `'\\x${Buffer.from(bytes).toString('hex')}'`

describe('the audit chains of several processes', () => {
  it('are one for each, all whole, and hold a record of each other chain in the oldest', async () => {
    expect(chains).toHaveLength(3)
    expect(await problems([])).toEqual(['none', 'none', 'none'])
    expect(await problems([], { withKey: false })).toEqual(['none', 'none', 'none'])
    const records = await auditTail({ databaseUrl: server.url('chains'), limit: 1_000 })
    const registered = records.flatMap(({ chainId, record }) =>
      record.action === 'keyplane:RegisterAuditChain' ? [[chainId, record.detail?.['Chain']]] : [],
    )
    expect(registered).toEqual([
      [chains[0], chains[1]],
      [chains[0], chains[2]],
    ])
  })

  it('show a record that was edited, removed or moved, in whichever chain', async () => {
    for (const [index, chain] of chains.entries()) {
      const only = (problem: string) => chains.map((_, place) => (place === index ? problem : 'none'))
      const where = `where chain_id = '${chain}'`
      expect(await problems([`update audit_records set actor = 'nobody' ${where} and seq = 2`])).toEqual(
        only('records_altered'),
      )
      expect(await problems([`delete from audit_records ${where} and seq = 2`])).toEqual(only('record_missing'))
      expect(await problems([`delete from audit_links ${where} and seq = 2`])).toEqual(only('link_missing'))
      expect(await problems([`delete from audit_links ${where}`, `delete from audit_records ${where}`])).toEqual(
        only('end_missing'),
      )
    }
  })

  it('show a chain that was removed whole, with its registration or without', async () => {
    expect(await problems(removal(chains[1]))).toEqual(['none', 'none', 'chain_missing'])
    expect(await problems([...removal(chains[1]), ...removal(chains[2])])).toEqual([
      'none',
      'chain_missing',
      'chain_missing',
    ])
    expect(await problems([`delete from audit_chains where chain_id = '${chains[1]}'`])).toEqual([
      'none',
      'none',
      'chain_missing',
    ])
    // The oldest itself: the next takes its place, and tells of no other.
    expect(await problems(removal(chains[0]))).toEqual(['none', 'none', 'chain_unregistered'])
    expect(await problems(chains.flatMap((chain) => removal(chain)))).toEqual(['chain_missing'])
  })

  it('show a chain that was slipped in, or begun anew in place of one', async () => {
    const { hash } = newChain('forged')
    const seal = hashHead(newChain('forged'))
    const columns = '(chain_id, registered_at_ms, seq, records, hash, head_hash, head_mac)'
    const forged = `insert into audit_chains ${columns} values ('forged', 9999999999999, 0, 0, ${hex(hash)}, ${hex(seal)}, ${hex(seal)})`
    expect(await problems([forged])).toEqual(['none', 'none', 'none', 'end_altered', 'chain_unregistered'])
    expect(await problems([forged], { withKey: false })).toEqual(['none', 'none', 'none', 'none', 'chain_unregistered'])
    const [, chain = ''] = chains
    const empty = newChain(chain)
    const begunAnew = [
      `delete from audit_records where chain_id = '${chain}'`,
      `delete from audit_links where chain_id = '${chain}'`,
      `update audit_chains set seq = 0, records = 0, hash = ${hex(empty.hash)}, head_hash = ${hex(hashHead(empty))} where chain_id = '${chain}'`,
    ]
    expect(await problems(begunAnew)).toEqual(['none', 'end_altered', 'none'])
  })

  it('show an end that was set back to an earlier link', async () => {
    const [, chain] = chains
    const last = `(select first_record + record_count - 1 from audit_links where chain_id = '${chain}' and seq = 3)`
    expect(
      await problems([
        `delete from audit_records where chain_id = '${chain}' and seq > ${last}`,
        `update audit_chains set seq = 3, records = ${last}, hash = (select hash from audit_links where chain_id = '${chain}' and seq = 3) where chain_id = '${chain}'`,
        `delete from audit_links where chain_id = '${chain}' and seq > 3`,
      ]),
    ).toEqual(['none', 'end_altered', 'none'])
  })
})
