import { writeFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { bareEnvironment, keyplane } from './keyplane-process.ts'
import { ScratchFolder } from './scratch-folder.ts'

const folder = new ScratchFolder()
afterEach(() => folder.remove())

const run = (args: string[], more: Readonly<Record<string, string>> = {}) =>
  keyplane(args, { cwd: folder.path, env: { ...bareEnvironment(folder.path), ...more } })

it('a service says what it serves, serves it to who has a key, and leaves a record of it', async () => {
  const { stdout: made } = await run(['service', 'key', '--json']).finished
  const { key, hash } = JSON.parse(made) as { key: string; hash: string }
  const config = {
    listen: { port: 0 },
    environments: { ci: { source: 'github-actions', fallback: [{ env: '.env.ci' }] } },
    tools: { payments: { secrets: { apiKey: 'payments/api-key', db: 'payments/db' } } },
    clients: { shop: { keys: [hash], roles: ['all'] } },
    roles: { all: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] } },
  }
  writeFileSync(folder.at('keyplane-service.yaml'), JSON.stringify(config))
  writeFileSync(folder.at('.env.ci'), 'PAYMENTS_DB=canary-db\n')
  const service = run(['service'], { PAYMENTS_API_KEY: 'canary-key' })
  const line = await service.firstLine()
  expect(line).toMatch(/^Keyplane service listening on http:\S+ · ci: github-actions, then env$/)
  const [url = ''] = /http:\S+/.exec(line) ?? []
  const path = `${url}/v1/environments/ci/tools/payments/configuration`
  const answer = await fetch(path, { headers: { authorization: `Bearer ${key}` } })
  expect(await answer.json()).toMatchObject({
    status: 'degraded',
    secrets: {
      apiKey: { value: 'canary-key', source: 'github-actions' },
      db: { value: 'canary-db', source: 'env' },
    },
  })
  await expect
    .poll(() => service.stderr)
    .toContain('ci · payments.apiKey ← github-actions · payments.db ← .env.ci (fallback)')
  writeFileSync(folder.at('keyplane-service.yaml'), JSON.stringify({ ...config, clients: {} }))
  await expect
    .poll(() => service.stderr, { timeout: 15_000 })
    .toContain('Clients and roles are those of keyplane-service.yaml from here on.')
  expect((await fetch(path, { headers: { authorization: `Bearer ${key}` } })).status).toBe(401)
  const { code, stdout, stderr } = await service.stop()
  expect(code).toBe(0)
  expect(stdout + stderr).not.toContain('canary')
  const verified = await run(['agent', 'audit', 'verify', '.keyplane/service-audit', '--json']).finished
  expect(JSON.parse(verified.stdout)).toMatchObject([{ records: 5, ok: true }])
}, 60_000)
