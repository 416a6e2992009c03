import { auditTail, verifyAudit } from '@keyplane/store'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ScratchServer } from './scratch-server.ts'
import { type Asked, ask, lost, SharedStores } from './shared-store.ts'

let server: ScratchServer
let stores: SharedStores
let database: string
let made = 0

beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())
beforeEach(async () => {
  database = `several_${(made += 1)}`
  stores = new SharedStores(await server.createDatabase(database))
})
afterEach(() => stores.remove())

const names = Array.from({ length: 10 }, (_, index) => `shared/${index}`)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const rows = (sql: string) => server.query(sql, database)
const auditProblems = async (): Promise<readonly string[]> =>
  (await verifyAudit({ databaseUrl: server.url(database), rootKey: stores.rootKey })).flatMap(({ verdict }) =>
    verdict.ok ? [] : [verdict.message],
  )

/** What no transaction leaves behind. */
const halves = async (): Promise<readonly unknown[]> => {
  const found = [
    await rows(
      `select version_id from secret_versions where num_nulls(kind, sealed_value, wrapped_data_key, kms_key_id, kms_material) not in (0, 5)`,
    ),
    await rows(
      `select name from secrets where id not in (select secret_id from version_stages where label = 'AWSCURRENT')`,
    ),
    await rows(
      `select a.secret_id from version_stages a join version_stages b using (secret_id, version_id)
       where a.label = 'AWSCURRENT' and b.label = 'AWSPREVIOUS'`,
    ),
  ]
  return found.flat()
}

/** Creates every secret through every store at once; one of them makes it. */
const makeSecrets = async (): Promise<Asked[]> => {
  const clients = stores.stores.map(({ client }) => client)
  const asked = await Promise.all(clients.flatMap((client) => names.map((name) => ask(client, name, 'create'))))
  const refusals = asked.flatMap(({ refusal }) => refusal ?? [])
  expect(refusals).toEqual(
    Array.from({ length: names.length * (clients.length - 1) }, () => '400 ResourceExistsException'),
  )
  return asked.filter(({ requestId }) => requestId !== undefined)
}

describe('three stores that start on one empty database at once', () => {
  it('make one store, one key and a chain each, and lose no write of hundreds at once to the same secrets', async () => {
    await stores.start(3)
    const all = await makeSecrets()
    const puts = await Promise.all(
      Array.from({ length: 600 }, (_, index) => ask(stores.stores[index % 3]!.client, names[index % 10]!)),
    )
    expect(puts.flatMap(({ refusal }) => refusal ?? [])).toEqual([])
    all.push(...puts)
    for (const { client } of stores.stores) expect(await lost(client, all)).toEqual([])
    expect(await rows('select count(*)::int as n from store')).toEqual([{ n: 1 }])
    expect(await rows('select count(*)::int as n from kms_keys')).toEqual([{ n: 1 }])
    // Each write saw the one before it: the revision counts them all.
    expect(await rows('select distinct revision - (select min(revision) from secrets) as n from secrets')).toHaveLength(
      1,
    )
    expect(await rows('select distinct count(*)::int as n from secret_versions group by secret_id')).toEqual([
      { n: 61 },
    ])
    expect(await halves()).toEqual([])
    await stores.end()
    const chains = await verifyAudit({ databaseUrl: server.url(database), rootKey: stores.rootKey })
    expect(chains.map(({ verdict }) => verdict.ok)).toEqual([true, true, true])
    for (const { records } of chains) expect(records).toBeGreaterThan(100)
    const records = await auditTail({ databaseUrl: server.url(database), limit: 10_000 })
    const recorded = new Map(records.map(({ record }) => [record.requestId, record.decision]))
    for (const { requestId = '' } of all) expect(recorded.get(requestId)).toBe('allow')
    expect(recorded.size).toBe(records.length)
  })

  it('take the chains up again that others have left, and begin none anew', async () => {
    for (let round = 0; round < 3; round += 1) {
      const [one] = await stores.start(2)
      await ask(one!.client, `again/${round}`, 'create')
      if (round === 1) await stores.killAll()
      else await stores.end()
      // What a killed process held is let go by the server when it notices.
      await pause(300)
    }
    expect(await rows('select count(*)::int as n from audit_chains')).toEqual([{ n: 2 }])
    expect(await auditProblems()).toEqual([])
  })
})

describe('stores whose server fails under load', () => {
  /** Writers that go on whatever happens, until they are told to end. */
  const storm = () => {
    const all: Asked[] = []
    const over = new AbortController()
    const writer = async (index: number): Promise<void> => {
      for (let count = 0; !over.signal.aborted; count += 1) {
        const store = stores.stores[(index + count) % stores.stores.length]
        const asked = store && (await ask(store.client, names[(index + count) % 10]!))
        if (!asked) continue
        all.push(asked)
        if (asked.refusal !== undefined) await pause(20)
      }
    }
    const ended = Promise.all(Array.from({ length: 60 }, (_, index) => writer(index)))
    return {
      all,
      end: async () => {
        over.abort()
        await ended
      },
    }
  }

  const expectAllThere = async (all: readonly Asked[]): Promise<void> => {
    // A secret keeps its newest hundred versions without a label; older ones may be gone by right after a day only.
    const [store] = stores.stores
    expect((await lost(store!.client, all)).slice(0, 5)).toEqual([])
    expect(await halves()).toEqual([])
    expect(await auditProblems()).toEqual([])
    const refusals = new Set(all.flatMap(({ refusal }) => refusal ?? []))
    // Never an absence, and never a refusal that says that the call itself was wrong.
    for (const refusal of refusals) expect(refusal).toMatch(/^(?:503|500|408|no answer)/)
    for (const { process } of stores.stores) expect(process.stderr).not.toMatch(/\n {4}at /)
    expect(all.filter(({ requestId }) => requestId !== undefined).length).toBeGreaterThan(20)
  }

  it('lose nothing that was acknowledged when connections are cut', { timeout: 120_000 }, async () => {
    await stores.start(3)
    await makeSecrets()
    const load = storm()
    for (let cut = 0; cut < 10; cut += 1) {
      await pause(200)
      await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`)
    }
    await pause(300)
    await load.end()
    await expectAllThere(load.all)
  })

  it('lose nothing when the server stops for a while', { timeout: 120_000 }, async () => {
    await stores.start(3)
    await makeSecrets()
    const load = storm()
    await pause(500)
    server.pause()
    await pause(3_000)
    server.resume()
    await pause(500)
    await load.end()
    await expectAllThere(load.all)
  })

  it('lose nothing when the server is killed and comes back', { timeout: 180_000 }, async () => {
    await stores.start(3)
    await makeSecrets()
    const load = storm()
    for (let kill = 0; kill < 3; kill += 1) {
      await pause(500)
      await server.kill()
      await pause(300)
      await server.launch()
    }
    await pause(1_000)
    await load.end()
    await expectAllThere(load.all)
  })

  it('lose nothing when stores are killed in the middle of it', { timeout: 180_000 }, async () => {
    await stores.start(3)
    await makeSecrets()
    const load = storm()
    for (let kill = 0; kill < 3; kill += 1) {
      await pause(500)
      await stores.kill(stores.stores[0]!)
      await stores.start(1)
    }
    await load.end()
    await expectAllThere(load.all)
  })

  it('go on while one of them hangs with rows locked', { timeout: 120_000 }, async () => {
    await stores.start(3)
    await makeSecrets()
    const load = storm()
    await pause(400)
    const [hung, ...others] = [...stores.stores]
    stores.stores.splice(0, 3, ...others)
    hung!.process.child.kill('SIGSTOP')
    // Longer than the server lets a transaction idle.
    await pause(12_000)
    const before = load.all.filter(({ requestId }) => requestId !== undefined).length
    await pause(1_000)
    expect(load.all.filter(({ requestId }) => requestId !== undefined).length).toBeGreaterThan(before)
    hung!.process.child.kill('SIGCONT')
    stores.stores.push(hung!)
    await load.end()
    await expectAllThere(load.all)
  })
})
