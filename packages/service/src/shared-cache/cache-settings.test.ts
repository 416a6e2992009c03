import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import { afterAll, describe, expect, it } from 'vitest'
import { parseServiceConfig } from '../config.ts'
import { openSharedCache } from './open-shared-cache.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyplane-cache-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'cache.key'), new Uint8Array(32), { mode: 0o600 })
writeFileSync(join(folder, 'readable.key'), new Uint8Array(32), { mode: 0o644 })

const shared = 'environments: { production: { source: openbao } }\ntools: {}\n'
const here = 'redis: { url: "redis://127.0.0.1:1" }\n'
const parse = (text: string) => parseServiceConfig({ path: join(folder, 'service.yaml'), text: shared + text })
const log = { warn: () => {}, error: () => {} }

const open = async (text: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  try {
    const cache = await openSharedCache(parse(text), { env, clock: systemClock, random: systemRandom, log })
    cache?.close()
    return cache ? 'opened' : 'none'
  } catch (thrown) {
    return (thrown as Error).message
  }
}

describe('a shared cache', () => {
  it('is not opened without a key, nor where nothing says which Redis; and it is said what to do', async () => {
    const message = await open('')
    expect(message).toContain('The cache of production is redis (in production by default), and')
    expect(message).toContain('or cache: local')
    expect(message).toContain('KEYPLANE_SERVICE_REDIS_URL')
    expect(message).toContain('KEYPLANE_SERVICE_CACHE_KEY_FILE')
    expect(await open(here)).toMatch(/always encrypted: give cacheKey\.transit.*head -c 32 \/dev\/urandom/)
    expect(await open(`${here}cacheKey: { file: none.key }`)).toContain('There is no file')
    expect(await open(`${here}cacheKey: { file: readable.key }`)).toContain('chmod 600')
    expect(await open(`${here}cacheKey: { transit: { key: k } }`)).toContain('KEYPLANE_OPENBAO_ADDR')
    expect(
      await open(`redis: { url: "redis://localhost:1", passwordFile: gone }\ncacheKey: { file: cache.key }`),
    ).toContain('redis.passwordFile')
  })

  it('is opened where Redis is away, by the file or by variables, which count first', async () => {
    expect(await open(`${here}cacheKey: { file: cache.key }`)).toBe('opened')
    const env = {
      KEYPLANE_SERVICE_REDIS_URL: 'redis://[::1]:1/3',
      KEYPLANE_SERVICE_CACHE_KEY_FILE: join(folder, 'cache.key'),
    }
    expect(await open('', env)).toBe('opened')
    expect(await open(`${here}cacheKey: { file: none.key }`, env)).toBe('opened')
    expect(await open(here, { ...env, KEYPLANE_SERVICE_REDIS_URL: 'redis://redis:6379' })).toBe(
      'KEYPLANE_SERVICE_REDIS_URL is not this machine and without TLS: give rediss://.',
    )
  })

  it.each([
    ['redis://redis.example.com:6379', 'is not this machine and without TLS'],
    ['redis://10.0.0.1', 'is not this machine and without TLS'],
    ['redis://localhost.example.com', 'is not this machine and without TLS'],
    ['rediss://:canary-7f3a@redis:6379', 'has a login in it'],
    ['https://redis', 'must be redis://host:port'],
    ['redis', 'must be redis://host:port'],
    ['rediss://redis/app', 'number of a database'],
    ['rediss://redis?password=canary-7f3a', 'number of a database'],
  ])('takes no %s, and repeats nothing of it', (url, why) => {
    const problem = (): unknown => parse(`redis: { url: "${url}" }`)
    expect(problem).toThrow(why)
    expect(problem).not.toThrow('canary')
  })

  it('has one key, from a file or from transit', () => {
    for (const cacheKey of ['{}', '{ file: a, transit: { key: k } }'])
      expect(() => parse(`cacheKey: ${cacheKey}`)).toThrow('cacheKey needs file or transit, and not both')
    expect(parse('cacheKey: { transit: { key: k, mount: m, variables: { A: b } } }').cacheKey).toEqual({
      kind: 'transit',
      key: 'k',
      mount: 'm',
      variables: { A: 'b' },
    })
    expect(parse('cacheKey: { file: sub/x.key }').cacheKey).toEqual({ kind: 'file', file: join(folder, 'sub/x.key') })
  })

  it('is none where no environment has one', async () => {
    const config = parseServiceConfig({ path: 'x.yaml', text: 'environments: { a: { source: aws } }\ntools: {}' })
    expect(await openSharedCache(config, { env: {}, clock: systemClock, random: systemRandom, log })).toBeUndefined()
  })
})
