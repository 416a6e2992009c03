import { SecretsError } from '@keyplane/core'
import { createMasker } from '@keyplane/masking'
import { envProvider } from '@keyplane/providers'
import { describe, expect, it } from 'vitest'
import { openOver } from '../../test/open-over.ts'
import { remoteMemory } from '../../test/remote-memory.ts'
import type { SecretsManagerOptions } from '../manager-options.ts'

const hourMs = 3_600_000

const start = (options: SecretsManagerOptions = {}) => {
  const source = remoteMemory({ KEY: 'canary-8d1f2c', DB: '{"nested":["canary-in-json-77"]}', LEVEL: 'loud-and-clear' })
  const opened = openOver(source.provider, options)
  const masker = createMasker({ values: opened.values })
  return { ...source, ...opened, isMasked: (text: string) => !masker.text(`log of ${text} here`).includes(text) }
}

describe('a value that was handed out', () => {
  it.each<[string, (given: ReturnType<typeof start>) => Promise<unknown>]>([
    ['by getSecret', ({ secrets }) => secrets.getSecret('KEY')],
    ['by getSecretJson', ({ secrets }) => secrets.getSecretJson('KEY')],
    ['by getMany', ({ secrets }) => secrets.getMany(['KEY', 'DB'])],
    ['by withSecret', ({ secrets }) => secrets.withSecret('KEY', () => {})],
    ['by a reference', ({ secrets }) => secrets.resolve({ key: 'keyplane://remote/KEY' })],
    ['of a stage', ({ secrets }) => secrets.read({ id: 'KEY', stage: 'current' })],
    ['where nothing is kept', ({ secrets }) => secrets.read({ id: 'KEY' })],
  ])('is masked in logs: %s', async (how, read) => {
    const given = start(how === 'where nothing is kept' ? { cache: { maxEntries: 0 } } : {})
    expect(given.isMasked('canary-8d1f2c')).toBe(false)
    await read(given)
    expect(given.isMasked('canary-8d1f2c')).toBe(true)
  })

  it('is masked with what stands in its JSON', async () => {
    const { secrets, isMasked } = start()
    await secrets.getSecretJson('DB')
    expect(isMasked('canary-in-json-77')).toBe(true)
  })

  it('is masked where it comes from the environment', async () => {
    const provider = envProvider({ env: { KEY: 'canary-env-5512', OTHER: 'canary-env-9913' }, files: [] })
    const { secrets, values } = openOver(provider)
    const masker = createMasker({ values })
    await secrets.getSecret('KEY')
    secrets.getSecretSync('OTHER')
    expect(masker.text('canary-env-5512 canary-env-9913')).toBe('**** ****')
  })

  it('is masked for as long as it is kept, and an hour longer', async () => {
    const { secrets, clock, isMasked } = start({ cacheTtl: '30d' })
    await secrets.getSecret('KEY')
    await clock.advance(10 * 24 * hourMs)
    expect(isMasked('canary-8d1f2c')).toBe(true)
    await secrets.refresh()
    await clock.advance(hourMs - 1_000)
    expect(isMasked('canary-8d1f2c')).toBe(true)
    await clock.advance(2_000)
    expect(isMasked('canary-8d1f2c')).toBe(false)
  })

  it('leaves an hour after its successor came, however often that happens', async () => {
    const { secrets, clock, put, values, isMasked } = start({ cacheTtl: 60 })
    await secrets.getSecret('KEY')
    for (let rotation = 0; rotation < 200; rotation += 1) {
      await put('KEY', `canary-of-rotation-${rotation}`)
      await clock.advance(61_000)
      await secrets.getSecret('KEY')
      await clock.advance(0)
    }
    expect(isMasked('canary-of-rotation-199')).toBe(true)
    expect(isMasked('canary-of-rotation-1')).toBe(false)
    expect(values.size).toBeLessThan(70)
  })

  it('is shown where its key was said to hold no secret', async () => {
    const { secrets, isMasked } = start({ notSecret: ['LEVEL'] })
    await secrets.getMany(['LEVEL', 'KEY'])
    expect([isMasked('loud-and-clear'), isMasked('canary-8d1f2c')]).toEqual([false, true])
  })

  it('is masked by the time that a failure could quote it', async () => {
    const { secrets, isMasked } = start()
    await secrets.withSecret('KEY', (secret) => expect(isMasked(secret)).toBe(true))
  })

  it('may be garbage, which is told as such', async () => {
    const { secrets } = openOver({ name: 'broken', get: async () => ({ id: 'x' }) as never })
    await expect(secrets.getSecret('KEY', undefined, { strict: true })).rejects.toThrow(SecretsError)
    await expect(secrets.getSecret('KEY', undefined, { strict: true })).rejects.toMatchObject({ code: 'bad_response' })
  })
})
