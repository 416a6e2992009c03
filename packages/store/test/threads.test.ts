import { renameSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { systemRandom } from '@keyplane/core'
import { fileRootKey, nextRootKeySuffix } from '@keyplane/sealing'
import { parseIam, rekeyStore, verifyAudit, verifyStore } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { damagePages } from './damage-pages.ts'
import { engine } from './test-database.ts'
import { iamFile, TestStore } from './test-store.ts'

const threads = 3
/** The threads' clock is the system's, and clients sign by one that is near. */
const newStore = (): TestStore => new TestStore(undefined, fakeClock(Date.now()))
const workers: Worker[] = []
const noteWorker = (worker: Worker): void => void workers.push(worker)

let store: TestStore
beforeEach(async () => {
  workers.splice(0)
  process.on('worker', noteWorker)
  store = await newStore().start({ threads })
})
afterEach(async () => {
  process.off('worker', noteWorker)
  await store.remove()
})

const many = Array.from({ length: 24 }, (_, index) => index)
const rootKeyAt = (path: string) => fileRootKey({ path, random: systemRandom })
const callsCounted = async (): Promise<number> => {
  const text = await (await fetch(`${store.running?.url}/metrics`, { headers: { connection: 'close' } })).text()
  return Number(/calls_total\{action="secretsmanager:GetSecretValue",decision="allow"\} (\d+)/.exec(text)?.[1])
}

// Each call comes over a connection of its own, which any of the threads may take.
describe('a store whose calls are answered by several threads', () => {
  it('gives every reader what was acknowledged, whichever thread wrote it', async () => {
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    for (const index of many) {
      await store.ok('PutSecretValue', { SecretId: 'one', SecretString: `value ${index}` })
      const { SecretString } = await store.ok('GetSecretValue', { SecretId: 'one' })
      expect(SecretString).toBe(`value ${index}`)
    }
  })

  it('takes writes of one secret at once, and loses none', async () => {
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    await Promise.all(many.map((index) => store.ok('PutSecretValue', { SecretId: 'one', SecretString: `${index}` })))
    const { Versions } = await store.ok('ListSecretVersionIds', { SecretId: 'one', IncludeDeprecated: true })
    expect(Versions).toHaveLength(many.length + 1)
    expect(await verifyStore({ ...store.database, rootKey: rootKeyAt(store.rootKeyPath) })).toMatchObject({ ok: true })
  })

  it('records and counts the calls of all of them', async () => {
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    await Promise.all(many.map(() => store.ok('GetSecretValue', { SecretId: 'one' })))
    expect(await callsCounted()).toBe(many.length)
    expect(store.reports).toHaveLength(many.length + 1)
    expect(store.changes).toEqual(['one'])
    const chains = await verifyAudit({ ...store.database, rootKey: rootKeyAt(store.rootKeyPath) })
    expect(chains.every(({ verdict }) => verdict.ok)).toBe(true)
    const records = await store.data.rows(
      "select seq from audit_records where action = 'secretsmanager:GetSecretValue'",
    )
    expect(records).toHaveLength(many.length)
  })

  it('has other callers in all of them once they are configured', async () => {
    await store.stop()
    let current = parseIam(iamFile())
    const listeners: (() => void)[] = []
    const onChange = (listener: () => void) => {
      listeners.push(listener)
      return () => undefined
    }
    await store.start({ threads, iam: { current: () => current, onChange } })
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    current = parseIam(JSON.stringify({ account: '000000000000', users: [] }))
    for (const listener of listeners) listener()
    await vi.waitFor(async () => {
      const refusals = await Promise.all(many.map(() => store.call('GetSecretValue', { SecretId: 'one' })))
      expect(refusals.map(({ status }) => status)).toEqual(many.map(() => 400))
    })
  })

  it('follows a change of the root key in all of them', async () => {
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    const next = rootKeyAt(`${store.rootKeyPath}${nextRootKeySuffix}`)
    await next.open()
    await rekeyStore({ ...store.database, from: rootKeyAt(store.rootKeyPath), to: next })
    // A region's first secret needs a new key, which has to be under the new root key.
    const regions = ['eu-central-1', 'eu-north-1', 'us-east-1', 'us-west-2', 'ap-south-1', 'sa-east-1']
    for (const region of regions) await store.ok('CreateSecret', { Name: 'elsewhere', SecretString: 'v' }, { region })
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    expect(await verifyStore({ ...store.database, rootKey: rootKeyAt(store.rootKeyPath) })).toMatchObject({ ok: true })
  })

  it('puts another in the place of one that ends, and keeps what was acknowledged', async () => {
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    await Promise.all(many.map(() => store.ok('GetSecretValue', { SecretId: 'one' })))
    const counted = await callsCounted()
    const started = workers.length
    const [first] = workers.slice(-threads)
    await first?.terminate()
    expect(await callsCounted()).toBe(counted)
    expect(store.problems).toEqual([
      {
        requestId: '',
        code: 'internal',
        message: 'A thread that answers calls ended (exit code 1); another takes its place.',
      },
    ])
    await store.clock.advance(1_000)
    await vi.waitFor(() => expect(workers.length).toBeGreaterThan(started), { timeout: 10_000 })
    await vi.waitFor(
      async () => {
        const answers = await Promise.all(many.map(() => store.ok('GetSecretValue', { SecretId: 'one' })))
        expect(answers.every(({ SecretString }) => SecretString === 'first')).toBe(true)
      },
      { timeout: 10_000 },
    )
  })

  it.runIf(engine === 'sqlite')('is not ready in any of them once one has met damage', async () => {
    for (const index of many) await store.ok('CreateSecret', { Name: `many/${index}`, SecretString: 'x'.repeat(5_000) })
    await store.stop()
    await store.start({ threads })
    damagePages(store.databasePath)
    expect((await store.call('ListSecrets', {})).status).toBe(500)
    const looks = many.map(() => fetch(`${store.running?.url}/readyz`, { headers: { connection: 'close' } }))
    expect(new Set((await Promise.all(looks)).map(({ status }) => status))).toEqual(new Set([503]))
  })

  it('refuses a port on which another one listens', async () => {
    const other = newStore()
    try {
      const started = other.start({ threads, port: store.running?.port ?? 0 })
      await expect(started).rejects.toMatchObject({ code: 'unavailable', reason: 'port' })
    } finally {
      await other.remove()
    }
  })

  it('refuses all but one of those that start on a port at the same moment', async () => {
    const port = store.running?.port ?? 0
    await store.stop()
    const others = [newStore(), newStore()]
    const starts = await Promise.allSettled(others.map((other) => other.start({ threads, port })))
    await Promise.all(others.map((other) => other.remove()))
    expect(starts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(starts.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { reason: 'port' } })
  })

  it('answers what is under way before it ends', async () => {
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    const writes = many.map((index) => store.call('PutSecretValue', { SecretId: 'one', SecretString: `${index}` }))
    await Promise.race(writes)
    const ended = store.stop()
    const outcomes = await Promise.allSettled(writes)
    await ended
    // One whose connection had not been taken is refused; none is half answered.
    const answered = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value.status] : []))
    expect(new Set(answered)).toEqual(new Set([200]))
    await store.start()
    const { Versions } = await store.ok('ListSecretVersionIds', { SecretId: 'one', IncludeDeprecated: true })
    expect(Versions.length).toBeGreaterThan(answered.length)
  })
})

describe('the number of threads', () => {
  it('is 0 to 64', async () => {
    for (const wrong of [-1, 65, 1.5, Number.NaN])
      await expect(store.start({ threads: wrong })).rejects.toMatchObject({ code: 'config_invalid' })
  })
})
