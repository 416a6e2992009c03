import { SecretsError, type SecretProvider, TextValue } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { openOver } from '../../test/open-over.ts'
import { remoteMemory } from '../../test/remote-memory.ts'

const refused = (): Error => Object.assign(new Error('password authentication failed'), { code: '28P01' })

/** A server whose password is what `password` is at the moment. */
const start = (initial = 'one') => {
  const source = remoteMemory({ DB: initial })
  const opened = openOver(source.provider)
  const server = { password: initial, logins: [] as string[] }
  const logIn = async (secret: string): Promise<string> => {
    server.logins.push(secret)
    await Promise.resolve()
    if (secret !== server.password) throw refused()
    return `in with ${secret}`
  }
  return { ...source, ...opened, server, logIn }
}

describe('a secret that was refused', () => {
  it('is read anew, once for all who use it, and used again', async () => {
    const { secrets, server, logIn, put, calls } = start()
    await secrets.withSecret('DB', logIn)
    await put('DB', 'two')
    server.password = 'two'
    const before = calls.get.length
    const uses = await Promise.all(Array.from({ length: 200 }, () => secrets.withSecret('DB', logIn)))
    expect(new Set(uses)).toEqual(new Set(['in with two']))
    expect(calls.get.length - before).toBe(1)
  })

  it.each(['pending', 'previous'] as const)('gives way to the %s version', async (stage) => {
    const { secrets, server, logIn, put, moveStage } = start()
    await secrets.withSecret('DB', logIn)
    const { version = '' } = await put('DB', 'other', ['pending'])
    if (stage === 'previous') await moveStage?.('DB', 'previous', { to: version })
    server.password = 'other'
    expect(await secrets.withSecret('DB', logIn)).toBe('in with other')
  })

  it('is not tried twice, and its refusal is the caller’s when there is no other', async () => {
    const { secrets, server, logIn, clock } = start()
    server.password = 'unknown to us'
    const use = secrets.withSecret('DB', logIn).catch((error: unknown) => error)
    await clock.advance(3_000)
    expect(await use).toMatchObject({ code: '28P01' })
    expect(server.logins).toEqual(['one'])
  })

  it('is waited for, for as long as patience says', async () => {
    const { secrets, server, logIn, clock, put } = start()
    await secrets.getSecret('DB')
    server.password = 'two'
    const use = secrets.withSecret('DB', logIn, { patience: 5 })
    await clock.advance(1_000)
    await put('DB', 'two')
    await clock.advance(2_000)
    expect(await use).toBe('in with two')
  })

  it('costs few questions, however many fail by it and however often', async () => {
    const { secrets, server, logIn, clock, calls } = start()
    server.password = 'unknown to us'
    for (let second = 0; second < 60; second += 1) {
      const uses = Promise.allSettled(
        Array.from({ length: 20 }, () => secrets.withSecret('DB', logIn, { patience: 0, stages: [] })),
      )
      await clock.advance(1_000)
      expect((await uses).every(({ status }) => status === 'rejected')).toBe(true)
    }
    expect(calls.get.length).toBeLessThan(30)
  })

  it('says so when the source fails while a newer one is looked for', async () => {
    const { secrets, server, logIn, state } = start()
    await secrets.getSecret('DB')
    server.password = 'two'
    state.failure = new SecretsError('unavailable', 'down')
    await expect(secrets.withSecret('DB', logIn, { patience: 0 })).rejects.toMatchObject({ code: '28P01' })
  })
})

describe('a rotation that is late, or that failed', () => {
  it('is looked for beyond a version that is refused as well', async () => {
    const { secrets, server, logIn, put, clock } = start()
    await secrets.getSecret('DB')
    server.password = 'three'
    await put('DB', 'two')
    const use = secrets.withSecret('DB', logIn, { patience: 10 })
    await clock.advance(300)
    await put('DB', 'three')
    await clock.advance(3_000)
    expect(await use).toBe('in with three')
    expect(server.logins).toEqual(['one', 'two', 'three'])
  })

  it.each([500, 1_000, 1_500])(
    'is noticed by none of 200 callers when its version comes %i ms late',
    async (lateMs) => {
      const { secrets, server, logIn, put, clock } = start()
      await secrets.getSecret('DB')
      server.password = 'two'
      const uses = Promise.allSettled(
        Array.from({ length: 200 }, async (_, index) => {
          await new Promise<void>((resolve) => clock.after((index * lateMs) / 400, resolve))
          return secrets.withSecret('DB', logIn)
        }),
      )
      await clock.advance(lateMs)
      await put('DB', 'two')
      await clock.advance(5_000)
      expect((await uses).filter(({ status }) => status === 'rejected')).toEqual([])
    },
  )

  it('is the caller’s own error where what judges it fails', async () => {
    const { secrets, server, logIn } = start()
    server.password = 'two'
    const isRefused = (): boolean => {
      throw new TypeError('my own')
    }
    await expect(secrets.withSecret('DB', logIn, { isRefused })).rejects.toMatchObject({ code: '28P01' })
  })
})

describe('a JSON document that was refused', () => {
  it('gives way to a stage that can be used, past one that cannot', async () => {
    const source = remoteMemory({ DB: '{"password":"zero"}' })
    const { secrets } = openOver(source.provider)
    await source.put('DB', '{"password":"one"}')
    await secrets.getSecret('DB')
    await source.put('DB', 'half written', ['pending'])
    const logIn = async ({ password }: Readonly<Record<string, unknown>>): Promise<unknown> => {
      if (password !== 'zero') throw refused()
      return password
    }
    expect(await secrets.withSecretJson('DB', logIn, { patience: 0 })).toBe('zero')
  })

  it('is read anew and used again', async () => {
    const { provider, put } = remoteMemory({ DB: '{"password":"one"}' })
    const { secrets } = openOver(provider)
    await secrets.getSecret('DB')
    await put('DB', '{"password":"two"}')
    const logIn = async ({ password }: Readonly<Record<string, unknown>>): Promise<unknown> => {
      if (password === 'one') throw refused()
      return password
    }
    expect(await secrets.withSecretJson('DB', logIn)).toBe('two')
  })

  it('has to be one, and is not quoted where it is none', async () => {
    const { provider } = remoteMemory({ DB: 'canary-8d1f2c' })
    const { secrets } = openOver(provider)
    await expect(secrets.withSecretJson('DB', () => {})).rejects.toThrow('The secret "DB" is not valid JSON.')
  })
})

describe('a source that names no versions', () => {
  it('is asked again after each rotation', async () => {
    const held = { text: 'zero' }
    const get: SecretProvider['get'] = async ({ id, stage }) => {
      if (stage !== undefined) throw new SecretsError('version_not_found', 'no stages')
      return Object.freeze({ id, value: new TextValue(held.text) })
    }
    const { secrets, clock } = openOver({ name: 'plain', get })
    for (const password of ['one', 'two', 'three', 'four']) {
      await secrets.getSecret('DB')
      held.text = password
      const logIn = async (secret: string): Promise<string> => {
        if (secret !== password) throw refused()
        return secret
      }
      expect(await secrets.withSecret('DB', logIn, { patience: 0 })).toBe(password)
      await clock.advance(150)
    }
  })
})

describe('any other failure', () => {
  it('is the caller’s at once', async () => {
    const { secrets, calls } = start()
    const fails = async (): Promise<never> => {
      throw new Error('no such table')
    }
    await expect(secrets.withSecret('DB', fails)).rejects.toThrow('no such table')
    expect(calls.get).toHaveLength(1)
  })

  it('counts as a refusal where the caller says so', async () => {
    const { secrets, put } = start()
    await secrets.getSecret('DB')
    await put('DB', 'two')
    const use = async (secret: string): Promise<string> => {
      if (secret === 'one') throw new Error('401-ish')
      return secret
    }
    const isRefused = (error: unknown): boolean => (error as Error).message === '401-ish'
    expect(await secrets.withSecret('DB', use, { isRefused })).toBe('two')
  })

  it('of the secret itself is thrown without a use', async () => {
    const { secrets, server, logIn } = start()
    await expect(secrets.withSecret('NOPE', logIn)).rejects.toMatchObject({ code: 'secret_not_found' })
    expect(server.logins).toEqual([])
  })

  it('ends with the caller’s abort', async () => {
    const { secrets, server, logIn, clock } = start()
    server.password = 'unknown to us'
    const controller = new AbortController()
    const use = secrets.withSecret('DB', logIn, { signal: controller.signal }).catch((error: unknown) => error)
    await clock.advance(10)
    controller.abort(new Error('gone'))
    expect(await use).toEqual(new Error('gone'))
  })
})
