import { inspect } from 'node:util'
import { SecretsError } from '@keyplane/core'
import { maskText } from '@keyplane/masking'
import { type } from 'arktype'
import * as v from 'valibot'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openOver } from '../../test/open-over.ts'
import { remoteMemory } from '../../test/remote-memory.ts'
import { resetSecretsManager } from '../default-manager.ts'
import { openSecrets } from '../open-secrets.ts'
import { defineSecrets } from './define-secrets.ts'
import { boolean, json, number, secretType, string } from './secret-types.ts'

const database = { host: 'db', port: 5432, password: 'canary-8d1f2c' }
const start = (secrets: Record<string, string>) => {
  const source = remoteMemory(secrets)
  return { ...source, ...openOver(source.provider) }
}

describe('defined secrets', () => {
  afterEach(() => resetSecretsManager())

  it('have the types of their definitions', async () => {
    const { secrets } = start({
      API_KEY: 'key',
      PORT: '8080',
      DEBUG: 'true',
      DB: JSON.stringify(database),
      FREE: '{"a":1}',
      'prod/other': 'x',
    })
    const config = await defineSecrets(
      {
        API_KEY: string(),
        PORT: number(),
        DEBUG: boolean(),
        DB: json(z.object({ host: z.string(), port: z.number() })),
        FREE: json(),
        OTHER: string({ key: 'prod/other' }),
        LEVEL: string({ default: 'info' }),
        NOTE: string({ optional: true }),
      },
      { from: secrets },
    )
    expect({ ...config }).toEqual({
      API_KEY: 'key',
      PORT: 8080,
      DEBUG: true,
      DB: { host: 'db', port: 5432 },
      FREE: { a: 1 },
      OTHER: 'x',
      LEVEL: 'info',
      NOTE: undefined,
    })
    expect(() => Object.assign(config, { API_KEY: 'other' })).toThrow(TypeError)
  })

  it.each([
    ['zod', json(z.object({ port: z.number() }))],
    ['valibot', json(v.object({ port: v.number() }))],
    ['arktype', json(type({ port: 'number' }))],
  ])('take a schema of %s', async (_vendor, schema) => {
    const { secrets } = start({ DB: JSON.stringify(database), BAD: '{"port":"canary-8d1f2c"}' })
    const { DB } = await defineSecrets({ DB: schema }, { from: secrets })
    expect(DB.port).toBe(5432)
    const misfit = await defineSecrets({ BAD: schema }, { from: secrets }).catch((error) => error)
    expect(misfit.message).toContain('The secret "BAD" does not fit its schema at port.')
    expect(inspect(misfit)).not.toContain('canary')
  })

  it('that are not as defined are told in one error, without their values', async () => {
    const { secrets, state } = start({ PORT: 'canary-8d1f2c', DEBUG: 'yes', DB: '[]', TEXT: '{' })
    const error: SecretsError = await defineSecrets(
      { PORT: number(), DEBUG: boolean(), DB: json(), TEXT: json(z.object({})), NOPE: string() },
      { from: secrets },
    ).catch((thrown) => thrown)
    expect(error.message.split('\n')).toEqual([
      '5 secrets not as defined:',
      '  "PORT": The secret "PORT" is not a number.',
      '  "DEBUG": The secret "DEBUG" is neither true nor false.',
      '  "DB": The secret "DB" is not a JSON object.',
      '  "TEXT": The secret "TEXT" is not valid JSON.',
      '  "NOPE": There is no secret "NOPE".',
    ])
    expect(inspect(error)).not.toContain('canary')
    state.failure = new SecretsError('unavailable', 'down')
    await expect(defineSecrets({ X: string({ default: 'x' }) }, { from: secrets })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  it('are the values of the moment, and the last ones where a new one does not fit', async () => {
    const { secrets, clock, put, logged } = start({ PORT: '1' })
    const config = await defineSecrets({ PORT: number() }, { from: secrets })
    await put('PORT', '2')
    await clock.advance(10)
    expect(await secrets.getSecret('PORT')).toBe('2')
    expect(config.PORT).toBe(2)
    await put('PORT', 'three')
    await clock.advance(10)
    await secrets.getSecret('PORT')
    expect([config.PORT, config.PORT]).toEqual([2, 2])
    expect(logged).toEqual(['warn The secret "PORT" of remote is not a number.'])
  })

  it('are asked for anew where the source was not asked since', async () => {
    const { secrets, clock, put } = start({ KEY: 'one' })
    const config = await defineSecrets({ KEY: string() }, { from: secrets })
    await secrets.refresh()
    await put('KEY', 'two')
    await clock.advance(10)
    expect(config.KEY).toBe('one')
    await clock.advance(10)
    expect(config.KEY).toBe('two')
  })

  it('are not given where the source refuses them by now, and can be printed all the same', async () => {
    const { secrets, clock, state } = start({ KEY: 'one' })
    const config = await defineSecrets({ KEY: string() }, { from: secrets })
    state.failure = new SecretsError('access_denied', 'no')
    await clock.advance(3_700_000)
    void config.KEY
    await clock.advance(10)
    expect(() => config.KEY).toThrow('no')
    expect(inspect(config)).toContain('[secret]')
    await secrets.close()
    expect(inspect(config)).toContain('[secret]')
  })

  it('may be parsed in their own time, once a version, and a parser that fails shows nothing', async () => {
    const { secrets, clock, put, logged } = start({ KEY: 'one' })
    let parses = 0
    const type = secretType(async (text) => {
      parses += 1
      await new Promise((resolve) => setImmediate(resolve))
      if (text === 'canary-8d1f2c') throw new Error(`bad ${text}`)
      return { ok: true, value: text.length }
    })
    const config = await defineSecrets({ KEY: type }, { from: secrets })
    await put('KEY', 'canary-8d1f2c')
    await clock.advance(10)
    await secrets.getSecret('KEY')
    for (let look = 0; look < 100; look += 1) expect(config.KEY).toBe(3)
    await clock.advance(10)
    expect([parses, logged]).toEqual([2, ['warn The secret "KEY" of remote cannot be read as its type.']])
  })

  it('tell no key of the data’s own choice where it does not fit', async () => {
    const { secrets } = start({ KEYS: '{"sk_live_abcdef1234567890":{"user":1}}' })
    const schema = z.record(z.string(), z.object({ user: z.string() }))
    const error = await defineSecrets({ KEYS: json(schema) }, { from: secrets }).catch((thrown) => thrown)
    expect(error.message).toContain('does not fit its schema at ….user')
  })

  it('show no secret where they are printed, and what is marked as none', async () => {
    const { secrets } = start({ KEY: 'canary-8d1f2c', LEVEL: 'info-level' })
    const config = await defineSecrets({ KEY: string(), LEVEL: string({ secret: false }) }, { from: secrets })
    for (const printed of [inspect(config), JSON.stringify({ config })]) expect(printed).not.toContain('canary')
    expect(JSON.parse(JSON.stringify(config))).toEqual({ KEY: '[secret]', LEVEL: 'info-level' })
  })

  it('may not take the names by which they keep secrets to themselves', async () => {
    const { secrets } = start({})
    await expect(defineSecrets({ toJSON: string({ default: 'x' }) }, { from: secrets })).rejects.toMatchObject({
      code: 'config_invalid',
    })
  })

  it('are masked in logs, and what is marked as none is not', async () => {
    const { provider } = remoteMemory({ KEY: 'canary-8d1f2c', LEVEL: 'a-very-loud-level' })
    const secrets = openSecrets({ providers: [provider], environment: false, env: {} })
    await defineSecrets({ KEY: string(), LEVEL: string({ secret: false }) }, { from: secrets })
    expect(maskText('got canary-8d1f2c at a-very-loud-level')).toBe('got **** at a-very-loud-level')
    await secrets.close()
  })

  it('come from the process’s own manager by default', async () => {
    process.env['KEYPLANE_TYPED_TEST'] = 'here'
    expect((await defineSecrets({ KEYPLANE_TYPED_TEST: string() })).KEYPLANE_TYPED_TEST).toBe('here')
    delete process.env['KEYPLANE_TYPED_TEST']
  })

  it('may have a type of one’s own, whose failure shows nothing', async () => {
    const { secrets } = start({ LIST: 'a,b', BAD: 'canary-8d1f2c' })
    const list = secretType((text) => ({ ok: true, value: text.split(',') }))
    const broken = secretType((text): never => {
      throw new Error(`what is ${text}?`)
    })
    expect((await defineSecrets({ LIST: list }, { from: secrets })).LIST).toEqual(['a', 'b'])
    const error = await defineSecrets({ BAD: broken }, { from: secrets }).catch((thrown) => thrown)
    expect(inspect(error)).not.toContain('canary')
  })
})
