import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type ServiceClient, serviceClient } from '@keyplane/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admin, type ServedAccounts, serveAccounts } from './serve-accounts.ts'

let folder: string
let served: ServedAccounts
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-client-'))
  served = await serveAccounts({ file: join(folder, 'service.db') })
})
afterAll(async () => {
  await served.close()
  rmSync(folder, { recursive: true })
})

const clientOf = (token?: string): ServiceClient =>
  serviceClient({ endpoint: `${served.service.url}/`, fetch, ...(token !== undefined && { token: () => token }) })

describe('the typed client', () => {
  it('reads the configuration of one tool, and of an environment’s', async () => {
    const client = clientOf(admin.key)
    const one = await client.toolConfiguration('production', 'payments', { fresh: true })
    expect([one.status, one.secrets.get('apiKey')?.value.reveal()]).toEqual(['ok', 'value'])
    expect(await client.environmentConfiguration('staging')).toMatchObject([{ tool: 'payments', status: 'ok' }])
  })

  it('logs in, says who that is, stays, and logs out', async () => {
    const body = { password: 'a long password of hers', roles: ['staging'] }
    expect(await served.ask('/v1/users/ada', { method: 'PUT', body })).toMatchObject({ status: 201 })
    const session = await clientOf().login('ada', body.password)
    expect(session).toMatchObject({ user: 'ada', roles: ['staging'], expiresAtMs: expect.any(Number) })
    const client = clientOf(session.token)
    expect(await client.whoami()).toMatchObject({
      name: 'ada',
      kind: 'session',
      expiresAtMs: session.expiresAtMs,
      access: [{ environment: 'staging', tools: ['payments'] }],
    })
    expect((await client.renew()).expiresAtMs).toBeGreaterThanOrEqual(session.expiresAtMs)
    await client.logout()
    await expect(client.whoami()).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('fails with the service’s own code, a silence as `unavailable`, an abort as the caller’s', async () => {
    const client = clientOf(admin.key)
    await expect(client.toolConfiguration('production', 'none')).rejects.toMatchObject({ code: 'secret_not_found' })
    await expect(clientOf().whoami()).rejects.toMatchObject({ code: 'unauthenticated', source: 'service' })
    const nobody = serviceClient({ endpoint: 'http://127.0.0.1:1', fetch })
    await expect(nobody.whoami()).rejects.toMatchObject({ code: 'unavailable' })
    const signal = AbortSignal.abort('gone')
    await expect(client.environmentConfiguration('production', { signal })).rejects.toBe('gone')
  })

  it.each([
    ['{"token":"canary"}', 'bad_response'],
    ['canary', 'bad_response'],
  ])('does not quote an answer that makes no sense: %s', async (text, code) => {
    const answer = { status: 200, headers: new Headers(), text: async () => text }
    const failed = await serviceClient({ endpoint: 'https://example.com', fetch: async () => answer })
      .login('ada', 'password')
      .catch((error: unknown) => error)
    expect(failed).toMatchObject({ code })
    expect(inspect(failed)).not.toContain('canary')
  })
})
