import { SecretsError } from '@keyplane/core'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { LoginLimits } from './login-limits.ts'

let clock: FakeClock
let limits: LoginLimits
beforeEach(() => {
  clock = fakeClock()
  limits = new LoginLimits(clock)
})

/** How long a login has to wait; 0 where it may be tried, and so counts as failed. */
const waitOf = (user: string, address: string): number => {
  try {
    limits.begin({ user, address })
    return 0
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'rate_limited' })
    return (thrown as SecretsError).retryAfterMs ?? 0
  }
}

describe('logins that fail', () => {
  it('make their own address wait, the longer the more there are', async () => {
    for (let time = 0; time < 5; time += 1) expect(waitOf('alice', '10.0.0.1')).toBe(0)
    expect(waitOf('alice', '10.0.0.1')).toBe(1_000)
    expect(waitOf('alice', '10.0.0.2')).toBe(0)
    for (let time = 0; time < 20; time += 1) {
      await clock.advance(waitOf('alice', '10.0.0.1'))
      limits.begin({ user: 'alice', address: '10.0.0.1' })
    }
    expect(waitOf('alice', '10.0.0.1')).toBe(300_000)
  })

  it('for many names make the address wait too', () => {
    for (let user = 0; user < 20; user += 1) expect(waitOf(`user-${user}`, '10.0.0.1')).toBe(0)
    expect(waitOf('alice', '10.0.0.1')).toBe(1_000)
  })

  it('of strangers everywhere make the user wait ten seconds at most, and not where he has logged in', async () => {
    limits.begin({ user: 'alice', address: '10.1.0.1' })
    limits.succeeded({ user: 'alice', address: '10.1.0.1' })
    for (let stranger = 0; stranger < 200; stranger += 1) {
      await clock.advance(waitOf('alice', `10.0.${stranger}.1`))
      waitOf('alice', `10.0.${stranger}.1`)
    }
    const wait = waitOf('alice', '10.2.0.1')
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(10_000)
    expect(waitOf('alice', '10.1.0.1')).toBe(0)
  })

  it('at the same time count before they have failed', () => {
    const tried = Array.from({ length: 50 }, () => waitOf('alice', '10.0.0.1')).filter((wait) => wait === 0)
    expect(tried).toHaveLength(5)
  })

  it('are forgotten for who logs in', () => {
    for (let time = 0; time < 4; time += 1) waitOf('alice', '10.0.0.1')
    limits.begin({ user: 'alice', address: '10.0.0.1' })
    limits.succeeded({ user: 'alice', address: '10.0.0.1' })
    for (let time = 0; time < 5; time += 1) expect(waitOf('alice', '10.0.0.1')).toBe(0)
  })

  it('from one network of IPv6 are those of one address', () => {
    for (let time = 0; time < 5; time += 1) expect(waitOf('alice', `2001:db8::${time + 1}`)).toBe(0)
    expect(waitOf('alice', '2001:db8::99')).toBe(1_000)
    expect(waitOf('alice', '2001:db8:0:1::1')).toBe(0)
  })
})
