import { generateKeyPairSync } from 'node:crypto'
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts'
import { parseIam } from '@keyplane/store'
import { exportJWK, type JWK, SignJWT } from 'jose'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, policy, sessionKeys, withSts } from './sts-calls.ts'
import { account, developer, TestStore } from './test-store.ts'

const issuer = 'https://oidc.example.com/cluster/1'
const reads = policy(allow('secretsmanager:GetSecretValue'))

const other = '222222222222'
const providerArn = `arn:aws:iam::${account}:oidc-provider/oidc.example.com/cluster/1`

const iamFile = (publicKey: JWK) => ({
  accounts: {
    [account]: accountFile(publicKey),
    // It has no provider of its own, and trusts another account's.
    [other]: {
      roles: [
        {
          name: 'pod',
          policies: [reads],
          trustPolicy: policy(allow('sts:AssumeRoleWithWebIdentity', { Principal: { Federated: providerArn } })),
        },
      ],
    },
  },
})

const accountFile = (publicKey: JWK) => ({
  users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] }],
  roles: [
    {
      name: 'reader',
      policies: [reads],
      trustPolicy: policy(allow('sts:AssumeRole', { Principal: { AWS: account } })),
    },
    {
      name: 'pod',
      policies: [reads],
      trustPolicy: policy(
        allow('sts:AssumeRoleWithWebIdentity', {
          Principal: { Federated: providerArn },
          Condition: {
            StringEquals: {
              'oidc.example.com/cluster/1:sub': 'system:serviceaccount:shop:api',
              'oidc.example.com/cluster/1:aud': 'sts.amazonaws.com',
            },
          },
        }),
      ),
    },
  ],
  identityProviders: [{ url: issuer, audiences: ['sts.amazonaws.com'], keys: { keys: [publicKey] } }],
})

// AWS's clients sign by the machine's clock.
const store = new TestStore(undefined, fakeClock(Date.now()))
interface Change {
  readonly expiresInSeconds?: number
  readonly aud?: string | string[]
  readonly alg?: string
}
let sign: (claims?: object, change?: Change) => Promise<string>

beforeAll(async () => {
  // Not jose's own: those keys sign by one algorithm alone.
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1' }
  await store.start({ iam: parseIam(JSON.stringify(iamFile(jwk))) })
  await store.ok('CreateSecret', { Name: 'shop/db', SecretString: 'hunter2' })
  sign = (claims = {}, { expiresInSeconds = 600, aud = 'sts.amazonaws.com', alg = 'RS256' } = {}) => {
    const seconds = Math.floor(store.clock.nowMs() / 1_000)
    return new SignJWT({ sub: 'system:serviceaccount:shop:api', ...claims })
      .setProtectedHeader({ alg, kid: 'k1' })
      .setIssuer(issuer)
      .setAudience(aud)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + expiresInSeconds)
      .sign(privateKey)
  }
})
afterAll(() => store.remove())

describe('AssumeRoleWithWebIdentity', () => {
  const assumeWith = (WebIdentityToken: string, name = 'pod', owner = account) => {
    const RoleArn = `arn:aws:iam::${owner}:role/${name}`
    const command = new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'pod-1', WebIdentityToken })
    return withSts(store, (client) => client.send(command))
  }

  it('gives keys to the service account that the trust policy names', async () => {
    const answer = await assumeWith(await sign())
    expect(answer.SubjectFromWebIdentityToken).toBe('system:serviceaccount:shop:api')
    const credentials = sessionKeys(answer.Credentials)
    const { SecretString } = await store.ok('GetSecretValue', { SecretId: 'shop/db' }, { credentials })
    expect(SecretString).toBe('hunter2')
  })

  it('is refused to another service account, with an old token, for another audience, and with a forged one', async () => {
    await expect(assumeWith(await sign({ sub: 'system:serviceaccount:shop:web' }))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    })
    await expect(assumeWith(await sign({}, { expiresInSeconds: -120 }))).rejects.toMatchObject({
      name: expect.stringMatching(/^ExpiredToken/) as string,
    })
    await expect(assumeWith(await sign({}, { aud: 'vault' }))).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
    })
    const [head = '', , signature = ''] = (await sign()).split('.')
    const claims = Buffer.from(JSON.stringify({ iss: issuer, sub: 'system:serviceaccount:shop:api' })).toString(
      'base64url',
    )
    await expect(assumeWith(`${head}.${claims}.${signature}`)).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
    })
    await expect(assumeWith(await sign(), 'reader')).rejects.toMatchObject({ name: 'AccessDenied' })
  })

  it('is refused for a role of an account that has no such provider, whomever the role trusts', async () => {
    await expect(assumeWith(await sign(), 'pod', other)).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
      message: expect.stringContaining('No OpenIDConnect provider found in your account') as string,
    })
  })

  // The call is not signed: a difference would tell anybody what roles there are.
  it('answers alike for a role that does not trust the token and for one that is not there', async () => {
    const answers = async (token: string) => {
      const texts = new Set<string>()
      for (const name of ['pod', 'reader', 'absent'])
        await assumeWith(token, name).catch((error: Error) => texts.add(`${error.name}: ${error.message}`))
      return [...texts]
    }
    const forged = `e30.${Buffer.from(JSON.stringify({ iss: issuer })).toString('base64url')}.AAAA`
    for (const token of [forged, await sign({}, { aud: 'vault' })]) expect(await answers(token)).toHaveLength(1)
    expect(await answers(await sign({ sub: 'another' }))).toEqual([
      'AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    ])
  })

  it('tells the audience that the provider is known for, of several', async () => {
    const answer = await assumeWith(await sign({}, { aud: ['vault', 'sts.amazonaws.com'] }))
    expect(answer.Audience).toBe('sts.amazonaws.com')
  })

  it('is refused to nobody, and with another algorithm than those of AWS', async () => {
    for (const token of [await sign({ sub: '' }), await sign({}, { alg: 'PS256' })])
      await expect(assumeWith(token)).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' })
  })
})
