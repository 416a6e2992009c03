import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Change, systemClock, systemRandom } from '@keyplane/core'
import { serviceProvider } from '@keyplane/secrets/providers'
import { newApiKey, parseServiceConfig, type RunningService, startService } from '@keyplane/service'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveAccounts } from '../../../packages/service/test/serve-accounts.ts'
import { BaoServer } from '../openbao/bao-server.ts'

const { key, hash } = newApiKey(systemRandom)

let bao: BaoServer
let service: RunningService
beforeAll(async () => {
  bao = await new BaoServer().startDev()
  await put('one')
  const variables = { KEYPLANE_OPENBAO_ADDR: bao.endpoint, KEYPLANE_OPENBAO_TOKEN: bao.rootToken }
  const config = {
    listen: { port: 0 },
    environments: { production: { source: 'openbao', variables, cache: 'local', ttl: '1h', pollInterval: '1s' } },
    tools: { payments: { secrets: { apiKey: 'payments/key' } } },
    clients: { shop: { keys: [hash], roles: ['all'] } },
    roles: { all: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] } },
  }
  service = await startService({
    config: parseServiceConfig({ path: 'service.yaml', text: JSON.stringify(config) }),
    env: {},
    clock: systemClock,
    random: systemRandom,
    log: { warn: () => {}, error: () => {} },
    audit: { append: async () => {} },
  })
  await service.warmed
})
afterAll(async () => {
  await service.close()
  await bao.remove()
})

const put = (value: string): Promise<unknown> => bao.done('POST', 'secret/data/payments/key', { data: { value } })

describe('a secret that somebody writes to OpenBao itself', () => {
  it('is told to who watches, by its name and version, though it is cached for an hour', async () => {
    const provider = serviceProvider({ endpoint: service.url, environment: 'production', token: key })
    const ended = new AbortController()
    const changes: Change[] = []
    const watching = (async () => {
      for await (const change of provider.watch?.watch('all', ended.signal) ?? []) changes.push(change)
    })()
    // The stream is open, and the source was asked what there is.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await put('two')
    await expect
      .poll(() => changes, { timeout: 15_000, interval: 100 })
      .toEqual([{ kind: 'changed', id: 'payments/apiKey', version: '2' }])
    expect((await provider.get({ id: 'payments/apiKey' })).value.reveal()).toContain('two')
    // A reader who meets it first takes it from nobody else.
    await put('three')
    await provider.get({ id: 'payments/apiKey' }, { freshness: { maxAgeMs: 0 } })
    await expect.poll(() => changes.at(-1), { timeout: 10_000, interval: 100 }).toMatchObject({ version: '3' })
    ended.abort()
    await watching
    await provider.close?.()
  }, 60_000)
})

describe('the stream of somebody who logs out', () => {
  it('ends within a quarter of a minute', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-events-'))
    const served = await serveAccounts({ file: join(folder, 'service.db') })
    const body = { password: 'a long password of hers', roles: ['staging'] }
    await served.ask('/v1/users/ada', { method: 'PUT', body })
    const token = await served.login('ada', body.password)
    const headers = { authorization: `Bearer ${token}` }
    const stream = await fetch(`${served.service.url}/v1/events?environment=staging`, { headers })
    expect(stream.status).toBe(200)
    await served.ask('/v1/sessions/current', { method: 'DELETE', token })
    expect(await stream.text()).toBe('retry: 2000\n\n')
    await served.close()
    rmSync(folder, { recursive: true })
  }, 30_000)
})
