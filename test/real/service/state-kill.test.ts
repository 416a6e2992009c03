import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StateDatabase, verifyServiceAudit } from '@keyplane/service'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { admin, serveAccounts } from '../../../packages/service/test/serve-accounts.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { startKilledService } from './killed-service.ts'

let server: ScratchServer
let folder: string
beforeAll(async () => {
  server = await ScratchServer.start()
  folder = mkdtempSync(join(tmpdir(), 'keyplane-state-kill-'))
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const password = `canary-${randomBytes(12).toString('hex')}`
const users = Array.from({ length: 4 }, (_, index) => `user-${index}`)

interface Storm {
  /** Tokens whose logins were acknowledged. */
  readonly tokens: string[]
  /** Names of users that were acknowledged, and of those that were sent. */
  readonly made: string[]
  readonly sent: string[]
}

const post = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const putUser = (url: string, name: string): Promise<Response> =>
  fetch(`${url}/v1/users/${name}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${admin.key}`,
      'content-type': 'application/json',
      'idempotency-key': `made-${name}`,
    },
    body: JSON.stringify({ password, roles: ['staging'] }),
  })

/** Logins and new users, until the service answers no more. */
const rage = async (url: string, storm: Storm): Promise<void> => {
  const logins = users.map(async (user) => {
    for (;;) {
      const answer = await post(`${url}/v1/sessions`, { user, password })
      if (answer.status === 201) storm.tokens.push(((await answer.json()) as { token: string }).token)
    }
  })
  const writes = (async () => {
    for (let index = 0; ; index += 1) {
      const name = `made-${index}`
      storm.sent.push(name)
      if ((await putUser(url, name)).status === 201) storm.made.push(name)
    }
  })()
  await Promise.allSettled([...logins, writes])
}

const filesBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((each) =>
    each.isFile() ? [join(each.parentPath, each.name)] : [],
  )

it.each(['SQLite', 'PostgreSQL'])(
  'a service that is killed under logins has lost nothing acknowledged: %s',
  async (engine) => {
    const database: StateDatabase =
      engine === 'SQLite' ? { file: join(folder, 'service.db') } : { url: await server.createDatabase('killed') }
    const killed = await startKilledService(database)
    for (const user of users) expect((await putUser(killed.url, user)).status).toBe(201)
    const storm: Storm = { tokens: [], made: [], sent: [] }
    const raging = rage(killed.url, storm)
    while (storm.tokens.length < 40) await new Promise((resolve) => setTimeout(resolve, 20))
    await killed.kill()
    await raging

    const survivor = await serveAccounts(database)
    try {
      for (const token of storm.tokens) expect((await survivor.ask('/v1/whoami', { token })).status).toBe(200)
      for (const name of storm.made) expect((await survivor.ask(`/v1/users/${name}`)).status).toBe(200)
      // What was not acknowledged may be there or not; sent again it is there, once.
      const last = storm.sent.at(-1) ?? ''
      expect((await putUser(survivor.service.url, last)).status).toBe(201)
      expect((await putUser(survivor.service.url, last)).status).toBe(201)
      const { reader } = survivor.state
      const records = await reader.all(reader.query.selectFrom('audit_records').selectAll().compile())
      const allowed = records.filter(({ action, decision }) => action === 'sessions:create' && decision === 'allow')
      expect(allowed.length).toBeGreaterThanOrEqual(storm.tokens.length)
      expect(
        records.filter(({ resource, action }) => action === 'users:write' && resource === `user/${last}`),
      ).toHaveLength(1)
      const verdicts = await verifyServiceAudit({ database })
      expect(verdicts.map(({ verdict }) => verdict.ok)).not.toContain(false)
    } finally {
      // As it lies there, with its log.
      const secrets = [password, ...storm.tokens]
      const files = engine === 'SQLite' ? filesBelow(folder) : filesBelow(server.data)
      expect(files.filter((file) => statSync(file).size > 0).length).toBeGreaterThan(1)
      for (const file of files) {
        const bytes = readFileSync(file)
        for (const secret of secrets) expect(bytes.includes(secret), file).toBe(false)
      }
      for (const secret of secrets) expect(killed.said()).not.toContain(secret)
      await survivor.close()
    }
  },
  120_000,
)
