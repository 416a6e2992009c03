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
  it('has both passwords until the old one is retired, and keeps them beyond a restart', async () => {
    const { rotator, first, aclFile, stop } = await startRedisTarget()
    const pending = await rotator.create(call, first)
    await rotator.set(call, { current: first, pending })
    expect([await redisAccepts(first), await redisAccepts(pending)]).toEqual([true, true])
    expect(
      readFileSync(aclFile, 'utf8')
        .match(/user app .*/)?.[0]
        .match(/#[0-9a-f]{64}/g),
    ).toHaveLength(2)
    await rotator.retire(call, { current: first, pending })
    expect([await redisAccepts(first), await redisAccepts(pending)]).toEqual([false, true])
    expect(
      readFileSync(aclFile, 'utf8')
        .match(/user app .*/)?.[0]
        .match(/#[0-9a-f]{64}/g),
    ).toHaveLength(1)
    await stop?.()
  })

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

  it('is a mistake of the configuration where the server keeps no users', async () => {
    const { rotator, first, stop } = await startRedisTarget({ keep: 'config' })
    const pending = await rotator.create(call, first)
    await expect(rotator.set(call, { current: first, pending })).rejects.toMatchObject({ code: 'source_misconfigured' })
    await stop?.()
  })
})
