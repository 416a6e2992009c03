import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditRecord, AuditSink } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeAccounts } from './describe-accounts.ts'
import { type ServedAccounts, serveAccounts } from './serve-accounts.ts'

describeAccounts('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-state-'))
  return {
    database: { file: join(folder, 'service.db') },
    remove: async () => rmSync(folder, { recursive: true }),
  }
})

describe('accounts with a log elsewhere', () => {
  const password = 'correct horse battery'
  let folder: string
  let served: ServedAccounts
  let isFull: boolean
  const records: AuditRecord[] = []
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keyplane-state-'))
    isFull = false
    records.length = 0
    const audit: AuditSink = {
      append: async (record) => {
        if (isFull) throw new Error('no space left')
        records.push(record)
      },
    }
    served = await serveAccounts({ file: join(folder, 'service.db') }, { audit: () => audit })
    await served.ask('/v1/users/alice', { method: 'PUT', body: { password, roles: ['production'] } })
  })
  afterEach(async () => {
    await served.close()
    rmSync(folder, { recursive: true })
  })

  it('have their records there, and none in the database', async () => {
    const token = await served.login('alice', password)
    await served.ask('/v1/sessions/current', { method: 'DELETE', token })
    expect(records.map(({ action }) => action)).toEqual(['users:write', 'sessions:create', 'sessions:end'])
    const { reader } = served.state
    expect(await reader.all(reader.query.selectFrom('audit_records').selectAll().compile())).toEqual([])
  })

  it('do nothing that it takes no record of', async () => {
    const token = await served.login('alice', password)
    isFull = true
    const body = { user: 'alice', password }
    for (const [method, path, given] of [
      ['POST', '/v1/sessions', body],
      ['POST', '/v1/sessions', { ...body, password: 'wrong' }],
      ['PUT', '/v1/users/bob', { password, roles: [] }],
      ['DELETE', '/v1/users/alice', undefined],
    ] as const)
      expect((await served.ask(path, { method, body: given })).status, `${method} ${path}`).toBe(503)
    expect((await served.ask('/v1/sessions/current', { method: 'DELETE', token })).status).toBe(503)
    isFull = false
    expect((await served.ask('/v1/users')).body).toMatchObject({ users: [{ name: 'alice' }] })
    expect((await served.ask('/v1/whoami', { token })).status).toBe(200)
    const { reader } = served.state
    expect(await reader.all(reader.query.selectFrom('sessions').selectAll().compile())).toHaveLength(1)
  })

  it('tell the operator once that it takes none, and where that is, not in its words', async () => {
    await served.close()
    const audit: AuditSink = { append: () => Promise.reject(new Error('canary\n    at canary')) }
    const told: string[] = []
    const database = { file: join(folder, 'service.db') }
    served = await serveAccounts(database, { audit: () => audit, warn: (message) => told.push(message) })
    const headers = { 'x-request-id': 'first' }
    for (const name of ['bob', 'carl'])
      await served.ask(`/v1/users/${name}`, { method: 'PUT', body: { password, roles: [] }, headers })
    await served.ask('/v1/nothing')
    expect(told).toEqual([
      expect.stringMatching(/^Request first got no answer \(unavailable\): The audit log takes .+ \(Error at .+\)$/),
    ])
    expect(told.join()).not.toContain('canary')
  })

  it('make nobody wait for logins that could not be tried', async () => {
    isFull = true
    const body = { user: 'alice', password }
    for (let time = 0; time < 7; time += 1)
      expect((await served.ask('/v1/sessions', { method: 'POST', body })).status).toBe(503)
    isFull = false
    await served.login('alice', password)
  })

  it('end their sessions on time', async () => {
    await served.close()
    const clock = fakeClock()
    served = await serveAccounts({ file: join(folder, 'own.db') }, { clock })
    await served.ask('/v1/users/alice', { method: 'PUT', body: { password, roles: ['production'] } })
    const token = await served.login('alice', password)
    const status = async () => (await served.ask('/v1/whoami', { token })).status
    const renewed = async () => (await served.ask('/v1/sessions/renew', { method: 'POST', token })).status
    for (let quarters = 0; quarters < 48; quarters += 1) {
      await clock.advance(14 * 60_000 + 59_000)
      expect(await renewed()).toBe(200)
    }
    // Twelve hours after the login there is no further renewal.
    await clock.advance(60_000)
    expect(await status()).toBe(401)
    await clock.advance(60_000)
    await served.ask('/v1/users')
    const { reader } = served.state
    expect(await reader.all(reader.query.selectFrom('sessions').selectAll().compile())).toEqual([])
  }, 30_000)
})
