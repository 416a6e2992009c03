import { readFileSync } from 'node:fs'
import type { RotatorCall } from '@keyplane/rotation'
import { describeRotator } from '@keyplane/rotation/testing'
import { describe, expect, it } from 'vitest'
import { redisAccepts, redisLoginOf, redisValue } from './redis-login.ts'
import { startRedisTarget } from './redis-target.ts'

describeRotator('a user of Redis', () => startRedisTarget(), { describe, it })

const call: RotatorCall = {
  secretId: 'prod/cache',
  rotationId: 'r',
  pendingVersion: 'v2',
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
}

describe('a user of Redis', () => {
  it.each(['acl-file', 'config'] as const)(
    'has both passwords until the old one is retired, and keeps them beyond a restart: %s',
    async (usersIn) => {
      const { rotator, first, server, stop } = await startRedisTarget({ usersIn })
      const kept = (): number =>
        readFileSync(server.usersFile, 'utf8')
          .match(/user app .*/)?.[0]
          .match(/#[0-9a-f]{64}/g)?.length ?? 0
      const pending = await rotator.create(call, first)
      await rotator.set(call, { current: first, pending })
      expect([await redisAccepts(first), await redisAccepts(pending), kept()]).toEqual([true, true, 2])
      await rotator.retire(call, { current: first, pending })
      expect([await redisAccepts(first), await redisAccepts(pending), kept()]).toEqual([false, true, 1])
      await stop?.()
    },
  )

  it('has his new password in no command that a monitor sees', async () => {
    const { rotator, first, monitored, stop } = await startRedisTarget()
    const pending = await rotator.create(call, first)
    await rotator.set(call, { current: first, pending })
    await rotator.test(call, pending)
    const seen = await monitored()
    expect(seen).not.toContain(redisLoginOf(pending).password)
    await stop?.()
  })

  it('is not made where there is none', async () => {
    const { rotator, first, stop } = await startRedisTarget()
    const nobody = redisValue({ ...redisLoginOf(first), username: 'nobody' })
    const pending = await rotator.create(call, nobody)
    await expect(rotator.set(call, { current: nobody, pending })).rejects.toMatchObject({ reason: 'missing_user' })
    await stop?.()
  })

  it('whom the server asks for no password is left alone: with one he would be asked for it', async () => {
    const { rotator, first, open, stop } = await startRedisTarget()
    await open()
    const pending = await rotator.create(call, first)
    await expect(rotator.set(call, { current: first, pending })).rejects.toMatchObject({ reason: 'any_password' })
    expect(await redisAccepts(redisValue({ ...redisLoginOf(first), password: 'any' }))).toBe(true)
    await stop?.()
  })

  it.each([{}, { keep: 'config' }, { keep: 'acl-file' }] as const)(
    'is not changed where the server keeps no users, which can be taken back: %j',
    async (how) => {
      const { rotator, first, stop } = await startRedisTarget({ usersIn: 'memory', ...how })
      const pending = await rotator.create(call, first)
      const credentials = { current: first, pending }
      const refusal = { code: 'source_misconfigured', reason: 'not_kept' }
      await expect(rotator.set(call, credentials)).rejects.toMatchObject(refusal)
      expect([await redisAccepts(first), await redisAccepts(pending)]).toEqual([true, false])
      await rotator.revert(call, credentials)
      await rotator.discard?.(call, credentials)
      expect(await redisAccepts(first)).toBe(true)
      await stop?.()
    },
  )

  it('is changed where the server is to forget it', async () => {
    const { rotator, first, stop } = await startRedisTarget({ usersIn: 'memory', keep: 'none' })
    const pending = await rotator.create(call, first)
    await rotator.set(call, { current: first, pending })
    expect(await redisAccepts(pending)).toBe(true)
    await stop?.()
  })
})
