import { openSecrets } from '@keyplane/secrets'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appRole } from './bao-roles.ts'
import { BaoServer } from './bao-server.ts'

const server = new BaoServer()
beforeAll(async () => {
  await server.startDev()
  await server.done('POST', 'secret/data/allowed/db', { data: { username: 'app', password: 'the password' } })
  await server.done('POST', 'secret/data/allowed/key', { data: { value: 'the key' } })
  await server.done('POST', 'secret/data/denied/key', { data: { value: 'not for you' } })
})
afterAll(() => server.remove())

describe('the library over OpenBao', () => {
  it('by settings alone gives secrets, tells absent from denied, and covers an outage', async () => {
    const { roleId, secretId } = await appRole(server, 'library')
    const warnings: string[] = []
    const note = (message: string): void => void warnings.push(message)
    const secrets = openSecrets({
      env: {
        KEYPLANE_PROVIDER: 'openbao',
        KEYPLANE_OPENBAO_ADDR: server.endpoint,
        KEYPLANE_OPENBAO_ROLE_ID: roleId,
        KEYPLANE_OPENBAO_SECRET_ID: secretId,
      },
      cacheTtl: 1,
      log: { warn: note, error: note },
    })
    expect(await secrets.getSecret('allowed/key')).toBe('the key')
    expect(await secrets.getSecretJson('allowed/db')).toEqual({ username: 'app', password: 'the password' })
    expect(await secrets.resolve('keyplane://openbao/allowed/db#password')).toBe('the password')
    expect(await secrets.getSecret('allowed/none', 'a default')).toBe('a default')
    await expect(secrets.getSecret('denied/key', undefined, { strict: true })).rejects.toMatchObject({
      code: 'access_denied',
    })

    await server.done('PUT', 'sys/seal')
    const logins = server.asked('auth/approle/login')
    const steps = async (): Promise<unknown> => (await secrets.explain('allowed/key')).steps[0]
    await expect
      .poll(
        async () => {
          expect(await secrets.getSecret('allowed/key')).toBe('the key')
          return steps()
        },
        { timeout: 5_000 },
      )
      .toMatchObject({ source: 'openbao', result: 'answered', stale: true })
    await expect(secrets.getSecret('allowed/other', undefined, { strict: true })).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(server.asked('auth/approle/login')).toBe(logins)
    expect(warnings.join()).not.toMatch(/the key|the password/)
    await secrets.close()
  })
})
