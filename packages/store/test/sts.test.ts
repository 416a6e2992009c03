import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { parseIam } from '@keyplane/store'
import { SignatureV4 } from '@smithy/signature-v4'
import { fakeClock } from '@keyplane/testkit'
import { exportJWK, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { developer, region, TestStore } from './test-store.ts'

/** The hash that the signer wants. */
class Sha256 {
  readonly #hash
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', Buffer.from(key as Uint8Array))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(Buffer.from(data as Uint8Array))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

const [owner, other] = ['111111111111', '222222222222']
const outsider = { accessKeyId: 'AKIAOUTSIDER00000001', secretAccessKey: 'outsider-secret-access-key-01' }
const issuer = 'https://oidc.example.com/cluster/1'

const allow = (Action: unknown, more: object = { Resource: '*' }) => ({ Effect: 'Allow', Action, ...more })
const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement })
const roleArn = (name: string) => `arn:aws:iam::${owner}:role/${name}`

const reads = policy(allow(['secretsmanager:GetSecretValue', 'secretsmanager:ListSecrets']))

const iamFile = (publicKey: JWK) => ({
  accounts: {
    [owner]: {
      users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'], tags: { team: 'pay' } }],
      roles: [
        {
          name: 'reader',
          policies: [reads],
          trustPolicy: policy(
            allow(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'], {
              Principal: { AWS: `arn:aws:iam::${owner}:root` },
            }),
          ),
        },
        {
          name: 'partner',
          policies: [reads],
          trustPolicy: policy(
            allow('sts:AssumeRole', {
              Principal: { AWS: other },
              Condition: { StringEquals: { 'sts:ExternalId': 'contract-7' } },
            }),
          ),
        },
        {
          name: 'from-role',
          policies: [reads],
          trustPolicy: policy(allow('sts:AssumeRole', { Principal: { AWS: roleArn('reader-of-roles') } })),
        },
        {
          name: 'reader-of-roles',
          policies: [policy(allow('sts:AssumeRole'))],
          trustPolicy: policy(allow('sts:AssumeRole', { Principal: { AWS: `arn:aws:iam::${owner}:user/developer` } })),
        },
        {
          name: 'pod',
          policies: [reads],
          trustPolicy: policy(
            allow('sts:AssumeRoleWithWebIdentity', {
              Principal: { Federated: `arn:aws:iam::${owner}:oidc-provider/oidc.example.com/cluster/1` },
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
    },
    [other]: {
      users: [{ name: 'outsider', accessKeys: [outsider], policies: [policy(allow('sts:AssumeRole'))] }],
    },
  },
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

const sts = (credentials: typeof developer & { readonly sessionToken?: string } = developer) =>
  new STSClient({ region, endpoint: store.running?.url ?? '', credentials: { ...credentials }, maxAttempts: 1 })

const assume = async (input: Partial<AssumeRoleCommandInput> = {}, as?: Parameters<typeof sts>[0]) => {
  const client = sts(as)
  try {
    const command = new AssumeRoleCommand({ RoleArn: roleArn('reader'), RoleSessionName: 'tests', ...input })
    const { Credentials, ...answer } = await client.send(command)
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }
    return { ...answer, credentials, expiration: Credentials?.Expiration }
  } finally {
    client.destroy()
  }
}

const read = (credentials: Awaited<ReturnType<typeof assume>>['credentials']) =>
  store.call('GetSecretValue', { SecretId: 'shop/db' }, { credentials })

describe('a presigned call', () => {
  /** As tools that pass their identity on make it (the login of Vault and of EKS by IAM). */
  const presigned = async (): Promise<string> => {
    const host = `127.0.0.1:${store.running?.port}`
    const signer = new SignatureV4({ credentials: { ...developer }, region, service: 'sts', sha256: Sha256 })
    const { query } = await signer.presign(
      {
        method: 'GET',
        protocol: 'http:',
        hostname: host,
        path: '/',
        headers: { host },
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      },
      { expiresIn: 60, signingDate: new Date(store.clock.nowMs()) },
    )
    return `http://${host}/?${new URLSearchParams(query as Record<string, string>)}`
  }

  it('tells who signed it, to whoever has it', async () => {
    const answer = await fetch(await presigned())
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining(`<Arn>arn:aws:iam::${owner}:user/developer</Arn>`),
    ])
  })

  it('is refused for another action than it was made for', async () => {
    const answer = await fetch((await presigned()).replace('GetCallerIdentity', 'AssumeRole'))
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')])
  })
})

describe('AssumeRole', () => {
  it('gives keys that do what the role may, for an hour', async () => {
    const { credentials, expiration, AssumedRoleUser } = await assume()
    expect(credentials.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/)
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${owner}:assumed-role/reader/tests`)
    expect(AssumedRoleUser?.AssumedRoleId).toMatch(/^AROA[A-Z2-7]{17}:tests$/)
    expect(Math.abs((expiration?.getTime() ?? 0) - store.clock.nowMs() - 3_600_000)).toBeLessThan(2_000)
    expect((await read(credentials)).body.SecretString).toBe('hunter2')
    expect(await store.refused('CreateSecret', { Name: 'x', SecretString: 'v' }, { credentials })).toBe(
      `AccessDeniedException: User: arn:aws:sts::${owner}:assumed-role/reader/tests is not authorized to perform: secretsmanager:CreateSecret on resource: x because no identity-based policy allows the secretsmanager:CreateSecret action`,
    )
    const client = sts(credentials)
    expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: owner,
      Arn: `arn:aws:sts::${owner}:assumed-role/reader/tests`,
    })
    client.destroy()
  })

  it('gives keys that no other token goes with, and no token without its keys', async () => {
    const [one, two] = [(await assume()).credentials, (await assume()).credentials]
    const mixed = { ...one, sessionToken: two.sessionToken }
    const { sessionToken: _, ...without } = one
    const cut = { ...one, sessionToken: `${one.sessionToken.slice(0, -4)}AAA=` }
    for (const credentials of [mixed, without, cut, { ...developer, sessionToken: one.sessionToken }])
      expect((await store.call('GetSecretValue', { SecretId: 'shop/db' }, { credentials })).body.__type).toBe(
        'UnrecognizedClientException',
      )
  })

  it('knows its sessions after a restart', async () => {
    const { credentials } = await assume()
    await store.stop()
    await store.start()
    expect((await read(credentials)).status).toBe(200)
  })

  it('never gives more than the session policies that were passed', async () => {
    const Policy = JSON.stringify(policy(allow('secretsmanager:ListSecrets')))
    const { credentials } = await assume({ Policy })
    expect((await read(credentials)).body.Message ?? (await read(credentials)).body.message).toBe(
      `User: arn:aws:sts::${owner}:assumed-role/reader/tests is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/db because no session policy allows the secretsmanager:GetSecretValue action`,
    )
    await store.ok('ListSecrets', {}, { credentials })
    const managed = await assume({ PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }] })
    expect((await read(managed.credentials)).status).toBe(200)
    await expect(assume({ Policy: '{"Statement":3}' })).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
    })
  })

  it('is refused to whom the trust policy does not name, or who has no permission of his own', async () => {
    await expect(assume({}, outsider)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: arn:aws:iam::${other}:user/outsider is not authorized to perform: sts:AssumeRole on resource: ${roleArn('reader')}`,
    })
    await expect(assume({ RoleArn: roleArn('partner') }, outsider)).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(assume({ RoleArn: roleArn('partner'), ExternalId: 'contract-7' }, outsider)).resolves.toBeTruthy()
    await expect(assume({ RoleArn: roleArn('absent') })).rejects.toMatchObject({ name: 'AccessDenied' })
  })

  it('goes from role to role, for an hour at most', async () => {
    const { credentials } = await assume({ RoleArn: roleArn('reader-of-roles') })
    const chained = await assume({ RoleArn: roleArn('from-role') }, credentials)
    expect((await read(chained.credentials)).status).toBe(200)
    await expect(assume({ RoleArn: roleArn('from-role'), DurationSeconds: 3_601 }, credentials)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('MaxSessionDuration') as string,
    })
  })

  it('refuses a time outside of 15 minutes to the role’s longest, and a name that is none', async () => {
    await expect(assume({ DurationSeconds: 899 })).rejects.toMatchObject({ name: 'ValidationError' })
    await expect(assume({ DurationSeconds: 3_601 })).rejects.toMatchObject({ name: 'ValidationError' })
    await expect(assume({ RoleSessionName: 'a b' })).rejects.toMatchObject({ name: 'ValidationError' })
  })

  it('carries tags into the session, those of the role behind them', async () => {
    const { credentials } = await assume({ Tags: [{ Key: 'team', Value: 'shop' }], SourceIdentity: 'ann' })
    expect((await read(credentials)).status).toBe(200)
    await expect(
      assume({
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'a', Value: '2' },
        ],
      }),
    ).rejects.toMatchObject({ name: 'ValidationError' })
  })
})

describe('AssumeRoleWithWebIdentity', () => {
  const assumeWith = async (WebIdentityToken: string, name = 'pod') => {
    const client = new STSClient({
      region,
      endpoint: store.running?.url ?? '',
      credentials: { ...developer },
      maxAttempts: 1,
    })
    try {
      const command = new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn(name),
        RoleSessionName: 'pod-1',
        WebIdentityToken,
      })
      return await client.send(command)
    } finally {
      client.destroy()
    }
  }

  it('gives keys to the service account that the trust policy names', async () => {
    const answer = await assumeWith(await sign())
    expect(answer.SubjectFromWebIdentityToken).toBe('system:serviceaccount:shop:api')
    const client = new SecretsManagerClient({
      region,
      endpoint: store.running?.url ?? '',
      credentials: {
        accessKeyId: answer.Credentials?.AccessKeyId ?? '',
        secretAccessKey: answer.Credentials?.SecretAccessKey ?? '',
        sessionToken: answer.Credentials?.SessionToken ?? '',
      },
    })
    const found = await client.send(new GetSecretValueCommand({ SecretId: 'shop/db' }))
    expect(found.SecretString).toBe('hunter2')
    client.destroy()
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

describe('the end of a session', () => {
  it('is the end of its keys', async () => {
    const { credentials } = await assume({ DurationSeconds: 900 })
    await store.clock.advance(899_000)
    expect((await read(credentials)).status).toBe(200)
    await store.clock.advance(1_000)
    expect((await read(credentials)).body).toMatchObject({ __type: 'ExpiredTokenException' })
  })
})
