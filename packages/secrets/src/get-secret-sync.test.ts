import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { envProvider, fileProvider } from '@keyplane/providers'
import { describe, expect, it } from 'vitest'
import { openOver } from '../test/open-over.ts'
import { remoteMemory } from '../test/remote-memory.ts'

describe('a secret read without waiting', () => {
  it('is there once it was read or preloaded, and an error before', async () => {
    const { provider } = remoteMemory({ A: 'one', B: 'two' })
    const { secrets } = openOver(provider)
    expect(() => secrets.getSecretSync('A')).toThrow('The secret "A" was not read yet: await preload(["A"])')
    await secrets.preload(['A'])
    await secrets.getSecret('B')
    expect([secrets.getSecretSync('A'), secrets.getSecretSync('B')]).toEqual(['one', 'two'])
  })

  it('that has expired is the last value, asked for again behind the caller’s back', async () => {
    const { provider, put } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider, { cacheTtl: 60 })
    await secrets.preload(['A'])
    await put('A', 'two')
    await clock.advance(61_000)
    expect(secrets.getSecretSync('A')).toBe('one')
    await clock.advance(1)
    expect(secrets.getSecretSync('A')).toBe('two')
  })

  it('is not given beyond the time that a failure is covered', async () => {
    const { provider, state } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider, { cacheTtl: 60, cache: { maxStale: 60 } })
    await secrets.preload(['A'])
    state.failure = new SecretsError('unavailable', 'down')
    await clock.advance(119_000)
    expect(secrets.getSecretSync('A')).toBe('one')
    await clock.advance(2_000)
    expect(() => secrets.getSecretSync('A')).toThrow('was not read yet')
  })

  it('that the source refuses by now is not given', async () => {
    const { provider, state } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider, { cacheTtl: 60 })
    await secrets.preload(['A'])
    state.failure = new SecretsError('access_denied', 'no')
    await clock.advance(61_000)
    secrets.getSecretSync('A')
    await clock.advance(1)
    expect(secrets.getSecretSync('A', 'default')).toBe('default')
    expect(() => secrets.getSecretSync('A', undefined, { strict: true })).toThrow('no')
  })

  it('that no source has is the default', async () => {
    const { provider } = remoteMemory()
    const { secrets } = openOver(provider)
    await secrets.getSecret('NOPE')
    expect([secrets.getSecretSync('NOPE'), secrets.getSecretSync('NOPE', 'default')]).toEqual([undefined, 'default'])
  })

  it('comes from the source behind one that has it not', async () => {
    const { provider } = remoteMemory()
    const { secrets } = openOver(provider, {
      environment: true,
      env: { KEYPLANE_ENV_FOLDER: '/nowhere', LEVEL: 'info' },
    })
    await secrets.getSecret('LEVEL')
    expect(secrets.getSecretSync('LEVEL')).toBe('info')
  })

  it('comes from the source behind one that is down', async () => {
    const { provider, state } = remoteMemory()
    const env = { KEYPLANE_ENV_FOLDER: '/nowhere', LEVEL: 'info' }
    const { secrets } = openOver(provider, { environment: true, env, cache: { negativeTtl: 0 } })
    state.failure = new SecretsError('unavailable', 'down')
    await secrets.preload(['LEVEL'])
    expect(secrets.getSecretSync('LEVEL')).toBe('info')
    expect(() => secrets.getSecretSync('LEVEL', undefined, { strict: true })).toThrow('down')
  })

  it('of the environment is the one of this moment, read before or not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
    const env: Record<string, string> = { A: 'one' }
    const { secrets } = openOver(envProvider({ env, folder }))
    expect(secrets.getSecretSync('A')).toBe('one')
    env['A'] = 'two'
    writeFileSync(join(folder, '.env'), 'B=three')
    expect([secrets.getSecretSync('A'), secrets.getSecretSync('B')]).toEqual(['two', 'three'])
    expect(secrets.getSecretSync('C', 'default')).toBe('default')
  })

  it('of a mounted file is the last one read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
    writeFileSync(join(folder, 'token'), 'one')
    const { secrets } = openOver(fileProvider({ root: folder }))
    await secrets.preload(['token'])
    writeFileSync(join(folder, 'token'), 'two')
    expect(secrets.getSecretSync('token')).toBe('one')
    await expect.poll(() => secrets.getSecretSync('token')).toBe('two')
  })

  it('is refused by a manager that is closed', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets } = openOver(provider)
    await secrets.preload(['A'])
    await secrets.close()
    expect(() => secrets.getSecretSync('A')).toThrow('closed')
  })
})
