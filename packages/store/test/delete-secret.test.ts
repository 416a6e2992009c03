import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { TestStore } from './test-store.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const dayS = 86_400
const nowS = () => store.clock.nowMs() / 1000

describe('DeleteSecret', () => {
  describe('parameters', () => {
    it('schedules: the secret is described, not used, and comes back by RestoreSecret', async () => {
      await store.ok('CreateSecret', { Name: 'delete/soft', SecretString: 'v' })
      const deleted = await store.ok('DeleteSecret', { SecretId: 'delete/soft' })
      expect(deleted['DeletionDate']).toBe(nowS() + 30 * dayS)
      expect(await store.ok('DescribeSecret', { SecretId: 'delete/soft' })).toMatchObject({ DeletedDate: nowS() })
      expect(await store.refused('GetSecretValue', { SecretId: 'delete/soft' })).toBe(marked)
      expect(await store.refused('PutSecretValue', { SecretId: 'delete/soft', SecretString: 'w' })).toBe(marked)
      expect(await store.refused('UpdateSecret', { SecretId: 'delete/soft', Description: 'w' })).toBe(marked)
      expect(await store.refused('DeleteSecret', { SecretId: 'delete/soft' })).toBe(
        "InvalidRequestException: You tried to perform the operation on a secret that's currently marked deleted.",
      )
      expect(await store.refused('CreateSecret', { Name: 'delete/soft' })).toBe(
        "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
      )
      expect(Object.keys(await store.ok('RestoreSecret', { SecretId: 'delete/soft' })).toSorted()).toEqual([
        'ARN',
        'Name',
      ])
      expect(await store.ok('GetSecretValue', { SecretId: 'delete/soft' })).toMatchObject({ SecretString: 'v' })
      expect(await store.ok('DescribeSecret', { SecretId: 'delete/soft' })).not.toHaveProperty('DeletedDate')
    })

    it('removes at once when forced, also what is scheduled, and says yes to what is not there', async () => {
      await store.ok('CreateSecret', { Name: 'delete/hard', SecretString: 'v' })
      await store.ok('DeleteSecret', { SecretId: 'delete/hard', RecoveryWindowInDays: 7 })
      const force = { SecretId: 'delete/hard', ForceDeleteWithoutRecovery: true }
      expect((await store.ok('DeleteSecret', force))['DeletionDate']).toBe(nowS())
      expect(await store.refused('DescribeSecret', { SecretId: 'delete/hard' })).toBe(notFound)
      expect((await store.ok('DeleteSecret', force))['ARN']).toMatch(/:secret:delete\/hard-\w{6}$/)
      const { ARN } = await store.ok('CreateSecret', { Name: 'delete/hard' })
      expect(await store.ok('DescribeSecret', { SecretId: 'delete/hard' })).toMatchObject({ ARN })
      expect(await store.refused('DeleteSecret', { SecretId: 'delete/nowhere' })).toBe(notFound)
    })

    it('ends with the window: the secret is absent at once, its name is free, and a sweep removes its rows', async () => {
      const first = await store.ok('CreateSecret', { Name: 'delete/gone', SecretString: 'v' })
      await store.ok('CreateSecret', { Name: 'delete/swept', SecretString: 'v' })
      for (const SecretId of ['delete/gone', 'delete/swept'])
        await store.ok('DeleteSecret', { SecretId, RecoveryWindowInDays: 7 })
      const before = await store.running?.countSecrets()
      await store.clock.advance(7 * dayS * 1000 - 1)
      await store.ok('DescribeSecret', { SecretId: 'delete/gone' })
      await store.clock.advance(1)
      for (const operation of ['DescribeSecret', 'GetSecretValue', 'RestoreSecret', 'DeleteSecret'])
        expect(await store.refused(operation, { SecretId: 'delete/gone' })).toBe(notFound)
      expect(await store.running?.countSecrets()).toBe((before ?? 0) - 2)
      const second = await store.ok('CreateSecret', { Name: 'delete/gone', SecretString: 'w' })
      expect(second['ARN']).not.toBe(first['ARN'])
      await store.clock.advance(60_000)
      await expect.poll(() => store.changes.includes('delete/swept')).toBe(true)
      expect(await store.ok('GetSecretValue', { SecretId: 'delete/gone' })).toMatchObject({ SecretString: 'w' })
    })
  })

  describe('errors', () => {
    it('allows 7 to 30 days, and no window with force', async () => {
      await store.ok('CreateSecret', { Name: 'delete/window' })
      const refused = (more: object) => store.refused('DeleteSecret', { SecretId: 'delete/window', ...more })
      for (const RecoveryWindowInDays of [6, 31, 0, -1])
        expect(await refused({ RecoveryWindowInDays })).toBe(
          'InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
        )
      expect(await refused({ RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true })).toBe(
        "InvalidParameterException: You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
      )
      expect(await refused({ RecoveryWindowInDays: 6, ForceDeleteWithoutRecovery: true })).toMatch(/between 7 and 30/)
      expect(await refused({ RecoveryWindowInDays: 7.5 })).toMatch(/^SerializationException/)
    })
  })
})
