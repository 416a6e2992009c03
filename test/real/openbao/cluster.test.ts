import { type SecretProvider, TextValue } from '@keyplane/core'
import { openBaoClient } from '@keyplane/openbao'
import { openbaoProvider } from '@keyplane/providers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoCluster } from './bao-cluster.ts'
import { untilTrue } from './bao-server.ts'
import { appRole } from './bao-roles.ts'

const cluster = new BaoCluster()
const open: { close?(): unknown }[] = []

beforeAll(() => cluster.start())
afterAll(async () => {
  for (const one of open) await one.close?.()
  await cluster.remove()
})

const [leader, standby] = cluster.nodes
const providerAt = async (endpoints: readonly string[]): Promise<SecretProvider> => {
  if (!leader) throw new Error('There is no leader.')
  const auth = { method: 'approle', ...(await appRole(leader, 'app')) } as const
  const provider = openbaoProvider({ endpoints, auth })
  open.push(provider)
  return provider
}

const put = (provider: SecretProvider, id: string, text: string) =>
  provider.write?.put({ id }, new TextValue(text), { idempotencyKey: text })

describe('a cluster of three nodes', () => {
  it('tells which node leads', async () => {
    const client = openBaoClient({
      endpoints: cluster.endpoints,
      auth: { method: 'token', token: cluster.rootToken },
    })
    open.push(client)
    const states = [...(await client.health()).values()].map(({ state }) => state)
    expect(states).toEqual(['active', 'standby', 'standby'])
  })

  it('has standbys that say where they have not got as far as asked', async () => {
    const written = await fetch(`${leader?.endpoint}/v1/secret/data/allowed/index`, {
      method: 'POST',
      headers: { 'x-vault-token': cluster.rootToken },
      body: '{"data":{"value":"x"}}',
    })
    const index = JSON.parse(atob(written.headers.get('x-vault-index') ?? '')) as { value: string }
    const later = btoa(JSON.stringify({ ...index, value: String(Number(index.value) + 1_000) }))
    const client = openBaoClient({
      endpoints: [standby?.endpoint ?? ''],
      auth: { method: 'token', token: cluster.rootToken },
    })
    open.push(client)
    const read = client.call({ method: 'GET', path: 'secret/data/allowed/index', headers: { 'x-vault-index': later } })
    await expect(read).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'index_not_applied',
      retryAfterMs: 1_000,
    })
  })

  it('gives what was just written, through a standby, 50 times of 50, while others still see what was before', async () => {
    const writer = await providerAt([standby?.endpoint ?? ''])
    const onlooker = await providerAt([standby?.endpoint ?? ''])
    const stale = { writer: 0, onlooker: 0 }
    await put(writer, 'allowed/counter', 'value 0')
    await untilTrue('the standby has it', async () => (await onlooker.get({ id: 'allowed/counter' })) !== undefined)
    for (let count = 1; count <= 50; count += 1) {
      const text = `value ${count}`
      await put(writer, 'allowed/counter', text)
      const seen = await Promise.all([writer, onlooker].map((provider) => provider.get({ id: 'allowed/counter' })))
      if (seen[0]?.value.reveal() !== text) stale.writer += 1
      if (seen[1]?.value.reveal() !== text) stale.onlooker += 1
    }
    expect(stale.writer).toBe(0)
    // Else the standby would have had nothing to hide, and the line above would prove nothing.
    expect(stale.onlooker).toBeGreaterThan(0)
  })

  it('through a standby loses no update of a read and a conditional write', async () => {
    const [one, two] = [await providerAt([standby?.endpoint ?? '']), await providerAt(cluster.endpoints)]
    await put(one, 'allowed/sum', '0')
    const add = async (provider: SecretProvider, key: string): Promise<void> => {
      for (let attempt = 0; ; attempt += 1) {
        const { version = '', value } = await provider.get({ id: 'allowed/sum' })
        const next = new TextValue(String(Number(value.reveal()) + 1))
        const options = { idempotencyKey: `${key}.${attempt}`, ifVersion: version }
        const written = await provider.write?.put({ id: 'allowed/sum' }, next, options).catch((error: unknown) => {
          if ((error as { code?: string }).code !== 'conflict') throw error
        })
        if (written) return
      }
    }
    for (let round = 0; round < 10; round += 1) await Promise.all([add(one, `a${round}`), add(two, `b${round}`)])
    expect((await one.get({ id: 'allowed/sum' })).value.reveal()).toBe('20')
  })

  it('with a node that hangs costs one read a share of its time, and no other read any', async () => {
    const provider = await providerAt([standby?.endpoint ?? '', ...cluster.endpoints])
    await put(provider, 'allowed/hang', 'value')
    await provider.get({ id: 'allowed/hang' })
    await standby?.pause()
    const tookMs: number[] = []
    for (let count = 0; count < 2; count += 1) {
      const startMs = performance.now()
      expect((await provider.get({ id: 'allowed/hang' })).value.reveal()).toBe('value')
      tookMs.push(performance.now() - startMs)
    }
    standby?.resume()
    expect(tookMs[0]).toBeLessThan(1_500)
    expect(tookMs[1]).toBeLessThan(400)
  })

  it('goes on being read when its leader is killed, and takes writes again once there is another', async () => {
    const provider = await providerAt(cluster.endpoints)
    await put(provider, 'allowed/db', 'before')
    expect((await provider.get({ id: 'allowed/db' })).value.reveal()).toBe('before')
    const atStandby = await providerAt([standby?.endpoint ?? ''])
    await untilTrue('the standby has it', async () => (await atStandby.get({ id: 'allowed/db' })) !== undefined)
    await leader?.kill()
    const failures: unknown[] = []
    const read = async (): Promise<void> => {
      try {
        expect((await provider.get({ id: 'allowed/db' })).value.reveal()).toBe('before')
      } catch (error) {
        failures.push(error)
      }
    }
    for (let times = 0; times < 50; times += 1) await read()
    expect(failures).toEqual([])
    const outcome = await put(provider, 'allowed/db', 'too early')?.catch((error: unknown) => error)
    // Whether the next leader was elected by then is chance.
    expect([undefined, 'no_leader', 'refused', 'server_error']).toContain((outcome as { reason?: string }).reason)
    await expect
      .poll(
        () =>
          put(provider, 'allowed/db', 'after')?.then(
            ({ value }) => value.reveal(),
            () => undefined,
          ),
        {
          timeout: 25_000,
          interval: 250,
        },
      )
      .toBe('after')
    expect((await provider.get({ id: 'allowed/db' })).value.reveal()).toBe('after')
  })
})
