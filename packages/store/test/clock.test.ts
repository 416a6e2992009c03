import type { Clock } from '@keyplane/core'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { verifyAudit, verifyStore } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'

const dayMs = 24 * 60 * 60_000

let store: TestStore
/** How far the machine's clock is off from the time that goes by. */
let offMs = 0
beforeEach(async () => {
  offMs = 0
  store = new TestStore()
  const { monotonicMs, recentMs, after } = store.clock
  const clock: Clock = { monotonicMs, recentMs, after, nowMs: () => store.clock.nowMs() + offMs }
  await store.start({ clock })
})
afterEach(() => store.remove())

/** Calls by the machine's clock, as a client on the same machine. */
const ok = (operation: string, input: Readonly<Record<string, unknown>>) => store.ok(operation, input, { offMs })
const minute = () => store.clock.advance(60_000)

describe('a clock that jumps back and forth', () => {
  it('moves labels by the order of writes, keeps every version, and knows tokens again', async () => {
    await ok('CreateSecret', { Name: 'jumping', SecretString: 'v0', ClientRequestToken: tokenOf('v0') })
    const jumps = [400 * dayMs, -900 * dayMs, 5, 0, -3 * dayMs, 2 * dayMs]
    for (let index = 1; index <= 60; index += 1) {
      offMs = jumps[index % jumps.length] ?? 0
      const [SecretString, ClientRequestToken] = [`v${index}`, tokenOf(`v${index}`)]
      await ok('PutSecretValue', { SecretId: 'jumping', SecretString, ClientRequestToken })
      expect((await ok('GetSecretValue', { SecretId: 'jumping' })).SecretString).toBe(SecretString)
      const before = await ok('GetSecretValue', { SecretId: 'jumping', VersionStage: 'AWSPREVIOUS' })
      expect(before.SecretString).toBe(`v${index - 1}`)
    }
    for (let index = 0; index <= 60; index += 1) {
      const VersionId = tokenOf(`v${index}`)
      expect((await ok('GetSecretValue', { SecretId: 'jumping', VersionId })).SecretString).toBe(`v${index}`)
    }
    // A repeated call is known for what it was, in whichever year it comes.
    offMs = -2_000 * dayMs
    await ok('PutSecretValue', { SecretId: 'jumping', SecretString: 'v60', ClientRequestToken: tokenOf('v60') })
    expect((await ok('GetSecretValue', { SecretId: 'jumping' })).SecretString).toBe('v60')
    const rootKey = fileRootKey({ path: store.rootKeyPath, random: systemRandom })
    expect(await verifyAudit({ ...store.database, rootKey })).toMatchObject([{ verdict: { ok: true } }])
    expect(await verifyStore({ ...store.database, rootKey })).toMatchObject({ ok: true, values: { opened: 61 } })
  })

  it('removes no secret that waits for its deletion: a jump that is taken back has undone nothing', async () => {
    await ok('CreateSecret', { Name: 'waiting', SecretString: 'kept' })
    await ok('DeleteSecret', { SecretId: 'waiting', RecoveryWindowInDays: 7 })
    await minute()
    offMs = 30 * dayMs
    for (let count = 0; count < 30; count += 1) await minute()
    offMs = 0
    await minute()
    await ok('RestoreSecret', { SecretId: 'waiting' })
    expect((await ok('GetSecretValue', { SecretId: 'waiting' })).SecretString).toBe('kept')
  })

  it('removes what its time has come for once the clock has been steady for a day', async () => {
    await ok('CreateSecret', { Name: 'waiting', SecretString: 'v' })
    await ok('DeleteSecret', { SecretId: 'waiting', RecoveryWindowInDays: 7 })
    offMs = 30 * dayMs
    await minute()
    expect(await store.data.rows('select name from secrets')).toHaveLength(1)
    await store.clock.advance(dayMs + 120_000)
    await ok('ListSecrets', {})
    // A sweep that was under way when the day was over is followed by the next one.
    const left = async (): Promise<readonly unknown[]> => {
      await store.clock.advance(60_000)
      return store.data.rows('select name from secrets')
    }
    await expect.poll(left).toEqual([])
  })
})
