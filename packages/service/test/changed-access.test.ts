import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type AccessConfig, newApiKey, parseServiceConfig } from '../src/index.ts'
import { systemRandom } from '@keyplane/core'
import { admin, serveAccounts } from './serve-accounts.ts'

const newer = newApiKey(systemRandom)

const accessOf = (clients: object, roles: object): AccessConfig => {
  const rest = { environments: { production: { source: 'memory', cache: 'local' } }, tools: { payments: {} } }
  return parseServiceConfig({ path: 'service.yaml', text: JSON.stringify({ ...rest, clients, roles }) })
}

it('clients and roles can be others while the service runs: at the next request, and on streams', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-access-'))
  const warnings: string[] = []
  const served = await serveAccounts({ file: join(folder, 'service.db') }, { warn: (line) => void warnings.push(line) })
  const password = 'a long password of hers'
  const path = '/v1/environments/production/tools/payments/configuration'
  await served.ask('/v1/users/ada', { method: 'PUT', body: { password, roles: ['production'] } })
  const token = await served.login('ada', password)
  const statuses = async (...tokens: string[]): Promise<number[]> =>
    Promise.all(tokens.map(async (each) => (await served.ask(path, { token: each })).status))
  const headers = { authorization: `Bearer ${admin.key}` }
  const stream = await fetch(`${served.service.url}/v1/events?environment=production`, { headers })
  expect(await statuses(admin.key, newer.key, token)).toEqual([200, 401, 200])

  const everything = { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] }
  await served.service.useAccess(accessOf({ next: { keys: [newer.hash], roles: ['all'] } }, { all: everything }))
  expect(await statuses(admin.key, newer.key, token)).toEqual([401, 200, 403])
  expect(warnings.join()).toContain('There is no role "production"')
  expect(await stream.text()).toBe('retry: 2000\n\n')

  await served.service.useAccess(accessOf({}, { production: everything }))
  expect(await statuses(admin.key, newer.key, token)).toEqual([401, 401, 200])
  await served.close()
  rmSync(folder, { recursive: true })
}, 30_000)
