import { GetParameterCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm'
import { auditTail, parseIam } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account, developer, region, TestStore } from './test-store.ts'

const half = { accessKeyId: 'AKIAHALF000000000001', secretAccessKey: 'half-secret-access-key-01' }
const onlyParameters = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'ssm:*', Resource: '*' } }
const through = { accessKeyId: 'AKIATHROUGH000000001', secretAccessKey: 'through-secret-access-key-01' }
const onlyThroughParameters = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: '*',
    Condition: {
      Bool: { 'aws:ViaAWSService': 'true' },
      'ForAnyValue:StringEquals': { 'aws:CalledVia': 'ssm.amazonaws.com' },
    },
  },
}
const direct = { accessKeyId: 'AKIADIRECT0000000001', secretAccessKey: 'direct-secret-access-key-01' }
const onlySecrets = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' },
}
const partly = { accessKeyId: 'AKIAPARTLY0000000001', secretAccessKey: 'partly-secret-access-key-01' }
const onlyDb = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: 'arn:aws:secretsmanager:*:*:secret:app/db-*',
  },
}
const iam = parseIam(
  JSON.stringify({
    account,
    users: [
      { name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] },
      { name: 'half', accessKeys: [half], policies: [onlyParameters] },
      { name: 'through', accessKeys: [through], policies: [onlyParameters, onlyThroughParameters] },
      { name: 'direct', accessKeys: [direct], policies: [onlySecrets] },
      { name: 'partly', accessKeys: [partly], policies: [onlyParameters, onlyDb] },
    ],
  }),
)

// AWS's clients sign by the machine's clock.
const store = new TestStore(undefined, fakeClock(Date.now()))
let ssm: SSMClient
const clientOf = (credentials: typeof developer) =>
  new SSMClient({ region, endpoint: store.running?.url ?? '', credentials: { ...credentials }, maxAttempts: 1 })
const nameOf = (secret: string) => `/aws/reference/secretsmanager/${secret}`

beforeAll(async () => {
  await store.start({ iam })
  ssm = clientOf(developer)
  await store.ok('CreateSecret', { Name: 'app/db', SecretString: 'one' })
  await store.ok('PutSecretValue', { SecretId: 'app/db', SecretString: 'two' })
})
afterAll(async () => {
  ssm.destroy()
  await store.remove()
})

describe('a secret as a parameter', () => {
  it('has the current value, and what Secrets Manager would have said', async () => {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: nameOf('app/db'), WithDecryption: true }))
    expect(Parameter).toMatchObject({
      Name: nameOf('app/db'),
      ARN: `arn:aws:ssm:${region}:${account}:parameter${nameOf('app/db')}`,
      Type: 'SecureString',
      Value: 'two',
      Version: 0,
    })
    expect(JSON.parse(Parameter?.SourceResult ?? '')).toMatchObject({ Name: 'app/db', SecretString: 'two' })
  })

  it('is read by label and by version too', async () => {
    const before = await store.ok('GetSecretValue', { SecretId: 'app/db', VersionStage: 'AWSPREVIOUS' })
    for (const selector of ['AWSPREVIOUS', before.VersionId]) {
      const Name = `${nameOf('app/db')}:${selector}`
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))
      expect([Parameter?.Value, Parameter?.Selector]).toEqual(['one', `:${selector}`])
    }
    await expect(
      ssm.send(new GetParameterCommand({ Name: `${nameOf('app/db')}:NOLABEL`, WithDecryption: true })),
    ).rejects.toMatchObject({ name: 'ParameterVersionNotFound' })
  })

  it('is given decrypted or not at all', async () => {
    await expect(ssm.send(new GetParameterCommand({ Name: nameOf('app/db') }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'WithDecryption flag must be True for retrieving a Secret Manager secret.',
    })
  })

  it('is one of many; names that lead nowhere are listed', async () => {
    const Names = [nameOf('app/db'), nameOf('nowhere'), '/plain/parameter']
    const answer = await ssm.send(new GetParametersCommand({ Names, WithDecryption: true }))
    expect(answer.Parameters?.map(({ Value }) => Value)).toEqual(['two'])
    expect(answer.InvalidParameters).toEqual(Names.slice(1))
  })

  it('is denied to who may read parameters and not the secret', async () => {
    const client = clientOf(half)
    await expect(
      client.send(new GetParameterCommand({ Name: nameOf('app/db'), WithDecryption: true })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('secretsmanager:GetSecretValue') as string,
    })
    client.destroy()
  })

  it('is denied to who may read the secret and no parameters', async () => {
    const client = clientOf(direct)
    const Name = nameOf('app/db')
    const denied = (action: string) => ({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        `is not authorized to perform: ssm:${action} on resource: arn:aws:ssm:`,
      ) as string,
    })
    await expect(client.send(new GetParameterCommand({ Name, WithDecryption: true }))).rejects.toMatchObject(
      denied('GetParameter'),
    )
    await expect(client.send(new GetParametersCommand({ Names: [Name], WithDecryption: true }))).rejects.toMatchObject(
      denied('GetParameters'),
    )
    client.destroy()
  })

  // It failed with DecryptionFailure and InvalidRequestException, which clients of Systems Manager have no class for.
  it('fails by the names of Systems Manager where its key is disabled or it is marked for deletion', async () => {
    const kms = (action: string, input: object) =>
      store.send({ service: 'kms', headers: { 'x-amz-target': `TrentService.${action}` }, body: JSON.stringify(input) })
    const { KeyId } = (await kms('CreateKey', {})).body['KeyMetadata'] as { readonly KeyId: string }
    await store.ok('CreateSecret', { Name: 'app/keyed', SecretString: 'v', KmsKeyId: KeyId })
    await kms('DisableKey', { KeyId })
    const Name = nameOf('app/keyed')
    const get = () => ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))
    await expect(get()).rejects.toMatchObject({
      name: 'InvalidKeyId',
      message: "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    })
    await store.ok('DeleteSecret', { SecretId: 'app/keyed' })
    await expect(get()).rejects.toMatchObject({
      name: 'ParameterNotFound',
      message: expect.stringContaining('was marked for deletion') as string,
    })
    const many = await ssm.send(new GetParametersCommand({ Names: [Name], WithDecryption: true }))
    expect(many.InvalidParameters).toEqual([Name])
  })

  it('is given to who may read it through Systems Manager alone', async () => {
    const client = clientOf(through)
    const { Parameter } = await client.send(new GetParameterCommand({ Name: nameOf('app/db'), WithDecryption: true }))
    expect(Parameter?.Value).toBe('two')
    client.destroy()
    const directly = await store.call('GetSecretValue', { SecretId: 'app/db' }, { credentials: through })
    expect(directly.body.__type).toBe('AccessDeniedException')
  })
})

describe('the audit log of parameters', () => {
  const records = async (limit: number) =>
    (await auditTail({ ...store.database, limit })).map(({ record: { action, resource, decision, detail } }) => [
      action,
      resource.replace(/-.{6}$/, ''),
      decision,
      Object.keys(detail ?? {}).join(),
    ])
  const secretArn = (name: string) => `arn:aws:secretsmanager:${region}:${account}:secret:${name}`

  it('names every secret that was read, asked for in vain, or denied', async () => {
    await store.ok('CreateSecret', { Name: 'app/api', SecretString: 'three' })
    const Names = ['app/db', 'app/api', 'nowhere'].map(nameOf)
    await ssm.send(new GetParametersCommand({ Names, WithDecryption: true }))
    expect(await records(4)).toEqual([
      ['ssm:GetParameters', '', 'allow', ''],
      ['secretsmanager:GetSecretValue', secretArn('app/db'), 'allow', 'VersionId'],
      ['secretsmanager:GetSecretValue', secretArn('app/api'), 'allow', 'VersionId'],
      ['secretsmanager:GetSecretValue', 'nowhere', 'error', 'Error'],
    ])
    const client = clientOf(half)
    await expect(client.send(new GetParametersCommand({ Names, WithDecryption: true }))).rejects.toThrow(
      'is not authorized to perform: secretsmanager:GetSecretValue',
    )
    expect(await records(2)).toEqual([
      ['ssm:GetParameters', '', 'deny', 'Error'],
      ['secretsmanager:GetSecretValue', 'app/db', 'deny', 'Error'],
    ])
    await expect(
      client.send(new GetParameterCommand({ Name: nameOf('app/api'), WithDecryption: true })),
    ).rejects.toThrow('is not authorized to perform: secretsmanager:GetSecretValue')
    expect(await records(1)).toEqual([['ssm:GetParameter', 'app/api', 'deny', 'Error']])
    client.destroy()
  })

  // The first secret was recorded as read, though the call failed at the second.
  it('has no secret as given where the call failed at another', async () => {
    const client = clientOf(partly)
    const Names = ['app/db', 'denied', 'never/asked'].map(nameOf)
    const asked = client.send(new GetParametersCommand({ Names, WithDecryption: true }))
    await expect(asked).rejects.toMatchObject({ name: 'AccessDeniedException' })
    expect(await records(3)).toEqual([
      ['ssm:GetParameters', '', 'deny', 'Error'],
      ['secretsmanager:GetSecretValue', secretArn('app/db'), 'error', 'VersionId,Error'],
      ['secretsmanager:GetSecretValue', 'denied', 'deny', 'Error'],
    ])
    client.destroy()
  })
})
