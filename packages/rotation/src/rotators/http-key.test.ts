import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type SecretValue, systemClock, systemRandom, TextValue, uuid } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import type { RotatorCall } from '../ports/rotator.ts'
import { describeRotator, type RotatorFixture } from '../testing/describe-rotator.ts'
import { type HttpKeyOptions, httpKeyRotator } from './http-key.ts'

/** An API with keys, each of which may make and remove others. */
const keyApi = async () => {
  const keys = new Map([['id-0', 'first-key']])
  const answers = new Map<string, string>()
  const targets: string[] = []
  let isDown = false
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    targets.push(request.url ?? '')
    const bearer = (request.headers.authorization ?? '').replace('Bearer ', '')
    if (![...keys.values(), 'admin-token'].includes(bearer)) return void response.writeHead(401).end()
    if (request.method === 'POST') {
      const token = String(request.headers['idempotency-key'])
      const id = `id-${uuid(systemRandom)}`
      const made = answers.get(token) ?? JSON.stringify({ data: { secret: `key-${uuid(systemRandom)}`, id } })
      const { data } = JSON.parse(made) as { data: { secret: string; id: string } }
      if (!answers.has(token)) keys.set(data.id, data.secret)
      answers.set(token, made)
      return void response.writeHead(201).end(made)
    }
    if (request.method === 'DELETE') {
      const isThere = keys.delete(decodeURIComponent(request.url?.split('/').at(-1) ?? ''))
      return void response.writeHead(isThere ? 204 : 404).end()
    }
    response.writeHead(200).end('{}')
  }
  const server = createServer((request, response) => {
    if (isDown) return void request.socket.destroy()
    request.resume().on('end', () => handle(request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    keys,
    targets,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setDown: (down: boolean) => {
      isDown = down
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve()).closeAllConnections()
      }),
  }
}

const calls = (by: string): Pick<HttpKeyOptions, 'create' | 'test' | 'remove'> => ({
  create: {
    method: 'POST',
    path: '/keys',
    headers: { Authorization: `Bearer ${by}` },
    body: { name: 'rotated {{version}}' },
    keyAt: 'data.secret',
    idAt: 'data.id',
  },
  test: { method: 'GET', path: '/me', headers: { Authorization: 'Bearer {{by.key}}' } },
  remove: { method: 'DELETE', path: '/keys/{{id}}', headers: { Authorization: `Bearer ${by}` } },
})
const keyOf = (value: SecretValue): string => (JSON.parse(String(value.reveal())) as { key: string }).key
const first = new TextValue('{"key":"first-key","id":"id-0","url":"https://api.example"}')
const start = async (by: string): Promise<RotatorFixture & { readonly api: Awaited<ReturnType<typeof keyApi>> }> => {
  const api = await keyApi()
  const admin = by === '{{admin}}' ? { admin: async () => new TextValue('admin-token') } : {}
  return {
    api,
    rotator: httpKeyRotator({ endpoint: api.endpoint, clock: systemClock, ...calls(by), ...admin }),
    first,
    clock: systemClock,
    random: systemRandom,
    holdsTwo: true,
    accepts: async (value) => [...api.keys.values()].includes(keyOf(value)),
    lower: () => api.setDown(true),
    raise: () => api.setDown(false),
    meddle: async () => api.keys.clear(),
    stop: () => api.stop(),
  }
}

describeRotator('keys of an HTTP API', () => start('{{by.key}}'), { describe, it })
describeRotator(
  'keys of an HTTP API, by an administrator',
  () => start('{{admin}}'),
  { describe, it },
  {
    meddle: 'a key that was removed stays removed: another one is made for it',
  },
)

const call = (pendingVersion = 'v2'): RotatorCall => ({
  secretId: 'prod/api',
  rotationId: 'r',
  pendingVersion,
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
})

describe('a key of an HTTP API', () => {
  it('is made once, though the answer was lost', async () => {
    const { rotator, api, stop } = await start('{{by.key}}')
    const made = [await rotator.create(call(), first), await rotator.create(call(), first)].map(keyOf)
    expect([made[0] === made[1], api.keys.size]).toEqual([true, 2])
    await rotator.create(call('v3'), first)
    expect(api.keys.size).toBe(3)
    await stop?.()
  })

  it('is removed once the new one is current, and the new one where it is taken back', async () => {
    const { rotator, api, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    await rotator.retire(call(), { current: first, pending })
    expect([...api.keys.values()]).toEqual([keyOf(pending)])
    const third = await rotator.create(call('v3'), pending)
    await rotator.revert(call('v3'), { current: pending, pending: third })
    expect([...api.keys.values()]).toEqual([pending, third].map(keyOf))
    await rotator.discard?.(call('v3'), { current: pending, pending: third })
    expect([...api.keys.values()]).toEqual([keyOf(pending)])
    await stop?.()
  })

  it('that is old and gone removes no other, and is told as refused', async () => {
    const { rotator, api, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    api.keys.delete('id-0')
    await rotator.revert(call(), { current: first, pending })
    expect([await rotator.test(call(), first), await rotator.test(call(), pending)]).toEqual(['refused', 'accepted'])
    await stop?.()
  })

  it('leads to no other path, whatever its id', async () => {
    const { rotator, api, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    const current = new TextValue('{"key":"first-key","id":".."}')
    await expect(rotator.retire(call(), { current, pending })).rejects.toMatchObject({ reason: 'placeholder' })
    expect(api.targets.filter((target) => target.includes('..'))).toEqual([])
    await stop?.()
  })

  it('that nobody may remove is told as a failure', async () => {
    const { rotator, api, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    api.keys.clear()
    await expect(rotator.retire(call(), { current: first, pending })).rejects.toMatchObject({ reason: 'status_401' })
    await stop?.()
  })

  it('never stands in a path', async () => {
    const { rotator, api, stop } = await start('{{by.key}}')
    const pending = await rotator.create(call(), first)
    await rotator.test(call(), pending)
    await rotator.retire(call(), { current: first, pending })
    for (const key of ['first-key', keyOf(pending)]) expect(api.targets.join(' ')).not.toContain(key)
    await stop?.()
  })

  it.each([
    { test: { method: 'GET', path: '/me?key={{by.key}}' } },
    { test: { method: 'GET', path: '/{{admin}}' } },
    { test: { method: 'GET', path: 'me' } },
    { test: { method: 'GET', path: '/me', headers: { authorization: '{{key}}' } } },
    { create: { ...calls('').create, keyAt: 'data..secret' } },
  ] satisfies Partial<HttpKeyOptions>[])('is not asked for by %j', (wrong) => {
    const options = { endpoint: 'http://127.0.0.1:1', clock: systemClock, ...calls('x'), ...wrong }
    expect(() => httpKeyRotator(options)).toThrow(/HTTP rotator/)
  })

  it('that the API answers without is no key', async () => {
    const { api, stop } = await start('{{by.key}}')
    const wrong = { ...calls('{{by.key}}'), create: { ...calls('{{by.key}}').create, keyAt: 'data.token' } }
    const rotator = httpKeyRotator({ endpoint: api.endpoint, clock: systemClock, ...wrong })
    await expect(rotator.create(call(), first)).rejects.toMatchObject({ code: 'bad_response', reason: 'answer_shape' })
    await stop?.()
  })
})
