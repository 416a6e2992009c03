import { systemRandom } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { Passwords } from './passwords.ts'
import { Semaphore } from '../limits/semaphore.ts'

const quick = { memoryKib: 64, passes: 1 }

describe('a password', () => {
  const passwords = new Passwords(systemRandom, quick)

  it('is known by its hash, which is another each time', async () => {
    const [one, other] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')]
    expect(one).not.toBe(other)
    expect(await passwords.holds('correct horse', one)).toBe(true)
    expect(await passwords.holds('correct horsf', one)).toBe(false)
    expect(await passwords.holds('correct horse', undefined)).toBe(false)
  })

  it('is the same however its letters are composed', async () => {
    expect(await passwords.holds('Zu\u0308rich-Zu\u0308rich', await passwords.hash('Z\u00fcrich-Z\u00fcrich'))).toBe(
      true,
    )
  })

  it('with a hash that was edited is an error, not a wrong password', async () => {
    await expect(passwords.holds('x', '$argon2id$v=19$m=99999999,t=1,p=1$a$b')).rejects.toMatchObject({
      code: 'integrity',
    })
  })

  it('by default costs what OWASP asks for, for a name that nobody has too', async () => {
    const real = new Passwords(systemRandom)
    const hash = await real.hash('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    const took = async (given: string | undefined): Promise<number> => {
      const rounds = []
      for (let round = 0; round < 5; round += 1) {
        const from = performance.now()
        await real.holds('wrong horse', given)
        rounds.push(performance.now() - from)
      }
      return Math.min(...rounds)
    }
    const [known, unknown] = [await took(hash), await took(undefined)]
    // Generous: what it must never be is nothing.
    expect(unknown).toBeGreaterThan(known / 3)
  })
})

describe('turns', () => {
  it('are so many at a time, in order, and those behind too many are refused', async () => {
    const turns = new Semaphore({ atOnce: 2, waiting: 3 })
    const ends: (() => void)[] = []
    const begun: number[] = []
    const take = (index: number) =>
      turns.take(() => {
        begun.push(index)
        return new Promise<void>((resolve) => ends.push(resolve))
      })
    const taken = Array.from({ length: 6 }, (_, index) => take(index))
    await expect(taken[5]).rejects.toMatchObject({ code: 'rate_limited' })
    expect(begun).toEqual([0, 1])
    for (let index = 0; index < 5; index += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      ends[index]?.()
    }
    await Promise.all(taken.slice(0, 5))
    expect(begun).toEqual([0, 1, 2, 3, 4])
  })
})
