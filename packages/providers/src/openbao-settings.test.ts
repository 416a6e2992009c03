import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { openBaoOptions } from './openbao-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'openbao-settings-'))
const ca = join(folder, 'ca.pem')
writeFileSync(ca, rootCertificates[0] ?? '')
afterAll(() => rmSync(folder, { recursive: true }))

const from = (env: Record<string, string>) => openBaoOptions({ env, clock: fakeClock() })
const addr = { KEYPLANE_OPENBAO_ADDR: 'https://bao:8200' }
const problems = async (env: Record<string, string>): Promise<string> => {
  try {
    await from(env)
    return 'none'
  } catch (error) {
    expect(error).toMatchObject({ code: 'config_invalid', source: 'openbao' })
    return (error as Error).message
  }
}

describe('the settings of openbao', () => {
  it.each<[string, Record<string, string>, object]>([
    ['a token', { KEYPLANE_OPENBAO_TOKEN: 't' }, { method: 'token', token: 't' }],
    ["a token's file", { SECRETS_OPENBAO_TOKEN_FILE: '/t' }, { method: 'token', token: { file: '/t' } }],
    ["OpenBao's own token", { BAO_TOKEN: 't', VAULT_TOKEN: 'v' }, { method: 'token', token: 't' }],
    ["Vault's own token", { VAULT_TOKEN: 'v', HOME: '/home/me' }, { method: 'token', token: 'v' }],
    ['the token of `bao login`', { HOME: '/home/me' }, { method: 'token', token: { file: '/home/me/.vault-token' } }],
    [
      'AppRole',
      { KEYPLANE_OPENBAO_ROLE_ID: 'r', KEYPLANE_OPENBAO_SECRET_ID: 's', BAO_TOKEN: 't' },
      { method: 'approle', roleId: 'r', secretId: 's', wrapped: false },
    ],
    [
      'AppRole with a wrapped secret id in a file, mounted elsewhere',
      {
        KEYPLANE_OPENBAO_ROLE_ID: 'r',
        KEYPLANE_OPENBAO_SECRET_ID_FILE: '/s',
        KEYPLANE_OPENBAO_SECRET_ID_WRAPPED: 'true',
        KEYPLANE_OPENBAO_AUTH_MOUNT: 'team/approle',
      },
      { method: 'approle', roleId: 'r', secretId: { file: '/s' }, wrapped: true, mount: 'team/approle' },
    ],
    ['Kubernetes', { KEYPLANE_OPENBAO_KUBERNETES_ROLE: 'app' }, { method: 'kubernetes', role: 'app' }],
    [
      'a JWT',
      { KEYPLANE_OPENBAO_JWT_ROLE: 'ci', KEYPLANE_OPENBAO_JWT_FILE: '/jwt' },
      { method: 'jwt', role: 'ci', jwt: { file: '/jwt' } },
    ],
  ])('name %s as the login', async (_what, env, auth) => {
    expect((await from({ ...addr, ...env })).auth).toEqual(auth)
  })

  it('name the nodes, the mount, the namespace and the certificates', async () => {
    const env = { VAULT_ADDR: 'https://a:8200, https://b:8200', VAULT_TOKEN: 't', VAULT_NAMESPACE: 'team' }
    const options = await from({ ...env, KEYPLANE_OPENBAO_MOUNT: 'kv', BAO_CACERT: ca })
    expect(options).toMatchObject({ endpoints: ['https://a:8200', 'https://b:8200'], mount: 'kv', namespace: 'team' })
    expect(options.ca).toContain('BEGIN CERTIFICATE')
  })

  it("prefer Keyplane's own to OpenBao's, and those to Vault's", async () => {
    const env = { BAO_ADDR: 'https://b', VAULT_ADDR: 'https://v', BAO_TOKEN: 't' }
    expect((await from({ ...env, ...addr })).endpoints).toEqual(['https://bao:8200'])
    expect((await from(env)).endpoints).toEqual(['https://b'])
  })

  it('that are wrong are told all at once, without a value', async () => {
    const told = await problems({
      KEYPLANE_OPENBAO_ADDR: 'http://10.0.0.1:8200',
      KEYPLANE_OPENBAO_ROLE_ID: 'role-canary',
      KEYPLANE_OPENBAO_SECRET_ID_WRAPPED: 'yes',
      KEYPLANE_OPENBAO_JWT_ROLE: 'ci',
      KEYPLANE_OPENBAO_CACERT: '/nowhere/ca.pem',
    })
    expect(told.split('\n')).toEqual([
      expect.stringMatching(/OPENBAO_ADDR: .*plain http/),
      expect.stringContaining('OPENBAO_SECRET_ID_WRAPPED: "yes"'),
      expect.stringContaining('OPENBAO_SECRET_ID or OPENBAO_SECRET_ID_FILE is not set'),
      expect.stringContaining('OPENBAO_JWT_FILE is not set'),
      expect.stringContaining('OPENBAO_CACERT: "/nowhere/ca.pem"'),
    ])
    expect(told).not.toContain('canary')
  })

  it('have to name an address and one login', async () => {
    expect(await problems({})).toBe(
      'KEYPLANE_OPENBAO_ADDR is not set; give the address, such as "https://openbao.example.com:8200".\n' +
        'No login to OpenBao is set: a token, AppRole, Kubernetes or JWT; see docs/providers/openbao.md.',
    )
    const two = { KEYPLANE_OPENBAO_TOKEN: 't', KEYPLANE_OPENBAO_KUBERNETES_ROLE: 'app' }
    expect(await problems({ ...addr, ...two })).toBe('Only one login to OpenBao can be set, not token and kubernetes.')
  })
})
