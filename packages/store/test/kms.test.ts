import * as kms from '@aws-sdk/client-kms'
import * as sm from '@aws-sdk/client-secrets-manager'
import { parseIam } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { developer as admin, region, TestStore } from './test-store.ts'

const [owner, consumer] = ['111111111111', '222222222222']
const keys = (name: string) => ({
  accessKeyId: `AKIA${name.toUpperCase().padEnd(16, '0')}`,
  secretAccessKey: `${name}-secret-access-key`,
})
const allow = (Action: unknown, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })
const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement })
const readers = policy(allow(['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue']))
const account = (users: Record<string, readonly unknown[]>) => ({
  users: Object.entries(users).map(([name, policies]) => ({ name, accessKeys: [keys(name)], policies })),
})

const iam = parseIam(
  JSON.stringify({
    accounts: {
      [owner]: account({
        admin: ['AdministratorAccess'],
        reader: [readers],
        decrypter: [readers, policy(allow('kms:Decrypt'))],
        granted: [readers],
      }),
      [consumer]: account({
        partner: [readers, policy(allow('kms:Decrypt'))],
        keyless: [readers],
      }),
    },
  }).replaceAll(JSON.stringify(keys('admin')), JSON.stringify(admin)),
)

// AWS's clients sign by the machine's clock.
const store = new TestStore(undefined, fakeClock(Date.now()))
let client: kms.KMSClient
const clients: { destroy(): void }[] = []
/** A copy: the client notes on it where it comes from. */
const options = (credentials = admin) => ({
  region,
  endpoint: store.running?.url ?? '',
  credentials: { ...credentials },
  maxAttempts: 1,
})
const kmsAs = (name: string): kms.KMSClient => {
  const made = new kms.KMSClient(options(keys(name)))
  clients.push(made)
  return made
}
const as = (name: string) => ({ credentials: keys(name) })
const userArn = (name: string, inAccount = owner) => `arn:aws:iam::${inAccount}:user/${name}`

beforeAll(async () => {
  await store.start({ iam })
  client = new kms.KMSClient(options())
  clients.push(client)
})
afterAll(async () => {
  for (const one of clients) one.destroy()
  await store.remove()
})

const newKey = async (input: kms.CreateKeyCommandInput = {}) => {
  const { KeyMetadata } = await client.send(new kms.CreateKeyCommand(input))
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' }
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (given: Uint8Array | undefined): string => new TextDecoder().decode(given)

describe('a KMS key', () => {
  it('is made, described, named and listed', async () => {
    const { id, arn } = await newKey({ Description: 'for tests', Tags: [{ TagKey: 'team', TagValue: 'pay' }] })
    await client.send(new kms.CreateAliasCommand({ AliasName: 'alias/tests', TargetKeyId: id }))
    for (const KeyId of [id, arn, 'alias/tests', `arn:aws:kms:${region}:${owner}:alias/tests`])
      expect((await client.send(new kms.DescribeKeyCommand({ KeyId }))).KeyMetadata).toMatchObject({
        AWSAccountId: owner,
        KeyId: id,
        Arn: arn,
        Enabled: true,
        Description: 'for tests',
        KeyState: 'Enabled',
        KeyManager: 'CUSTOMER',
        KeyUsage: 'ENCRYPT_DECRYPT',
      })
    const { Keys } = await client.send(new kms.ListKeysCommand({}))
    expect(Keys?.map(({ KeyId }) => KeyId)).toContain(id)
    const { Aliases } = await client.send(new kms.ListAliasesCommand({ KeyId: id }))
    expect(Aliases).toMatchObject([{ AliasName: 'alias/tests', TargetKeyId: id }])
    expect((await client.send(new kms.ListResourceTagsCommand({ KeyId: id }))).Tags).toEqual([
      { TagKey: 'team', TagValue: 'pay' },
    ])
    await expect(
      client.send(new kms.CreateAliasCommand({ AliasName: 'alias/tests', TargetKeyId: id })),
    ).rejects.toMatchObject({ name: 'AlreadyExistsException' })
    await expect(client.send(new kms.DescribeKeyCommand({ KeyId: 'alias/none' }))).rejects.toMatchObject({
      name: 'NotFoundException',
      message: `Alias arn:aws:kms:${region}:${owner}:alias/none is not found.`,
    })
  })

  it('decrypts what it encrypted, with the same context only', async () => {
    const { id, arn } = await newKey()
    const EncryptionContext = { b: '2', a: '1' }
    const { CiphertextBlob } = await client.send(
      new kms.EncryptCommand({ KeyId: id, Plaintext: bytes('hunter2'), EncryptionContext }),
    )
    expect(Buffer.from(CiphertextBlob ?? []).includes('hunter2')).toBe(false)
    const opened = await client.send(new kms.DecryptCommand({ CiphertextBlob, EncryptionContext: { a: '1', b: '2' } }))
    expect([text(opened.Plaintext), opened.KeyId]).toEqual(['hunter2', arn])
    for (const context of [undefined, { a: '1' }, { a: '1', b: '3' }])
      await expect(
        client.send(new kms.DecryptCommand({ CiphertextBlob, EncryptionContext: context })),
      ).rejects.toMatchObject({ name: 'InvalidCiphertextException' })
    const altered = Uint8Array.from(CiphertextBlob ?? [], (byte, index) => (index === 40 ? byte ^ 1 : byte))
    await expect(
      client.send(new kms.DecryptCommand({ CiphertextBlob: altered, EncryptionContext })),
    ).rejects.toMatchObject({ name: 'InvalidCiphertextException' })
    const other = await newKey()
    await expect(
      client.send(new kms.DecryptCommand({ CiphertextBlob, EncryptionContext, KeyId: other.id })),
    ).rejects.toMatchObject({ name: 'IncorrectKeyException' })
  })

  it('makes data keys, and hands a ciphertext over to another key', async () => {
    const [one, two] = [await newKey(), await newKey()]
    const made = await client.send(new kms.GenerateDataKeyCommand({ KeyId: one.id, KeySpec: 'AES_256' }))
    expect(made.Plaintext?.length).toBe(32)
    const moved = await client.send(
      new kms.ReEncryptCommand({
        CiphertextBlob: made.CiphertextBlob,
        DestinationKeyId: two.id,
        DestinationEncryptionContext: { for: 'two' },
      }),
    )
    expect([moved.SourceKeyId, moved.KeyId]).toEqual([one.arn, two.arn])
    const opened = await client.send(
      new kms.DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { for: 'two' } }),
    )
    expect(opened.Plaintext).toEqual(made.Plaintext)
    await expect(client.send(new kms.GenerateDataKeyCommand({ KeyId: one.id }))).rejects.toMatchObject({
      name: 'ValidationException',
    })
  })

  it('does nothing while it is disabled or waits for its deletion', async () => {
    const { id } = await newKey()
    const Plaintext = bytes('x')
    const { CiphertextBlob } = await client.send(new kms.EncryptCommand({ KeyId: id, Plaintext }))
    await client.send(new kms.DisableKeyCommand({ KeyId: id }))
    await expect(client.send(new kms.DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject({
      name: 'DisabledException',
    })
    await client.send(new kms.EnableKeyCommand({ KeyId: id }))
    const scheduled = await client.send(new kms.ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }))
    expect(scheduled.DeletionDate?.getTime()).toBeGreaterThan(Date.now() + 6.9 * 86_400_000)
    await expect(client.send(new kms.EncryptCommand({ KeyId: id, Plaintext }))).rejects.toMatchObject({
      name: 'KMSInvalidStateException',
    })
    await client.send(new kms.CancelKeyDeletionCommand({ KeyId: id }))
    const { KeyMetadata } = await client.send(new kms.DescribeKeyCommand({ KeyId: id }))
    expect(KeyMetadata?.KeyState).toBe('Disabled')
  })

  it('is used by whom its policy or a grant allows, whatever the other policies say', async () => {
    const { id, arn } = await newKey()
    const { CiphertextBlob } = await client.send(
      new kms.EncryptCommand({ KeyId: id, Plaintext: bytes('x'), EncryptionContext: { app: 'shop' } }),
    )
    const input = { CiphertextBlob, EncryptionContext: { app: 'shop' } }
    const decryptAs = (name: string) => kmsAs(name).send(new kms.DecryptCommand(input))
    await expect(decryptAs('decrypter')).resolves.toBeTruthy()
    await expect(decryptAs('granted')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${userArn('granted')} is not authorized to perform: kms:Decrypt on resource: ${arn} because no identity-based policy allows the kms:Decrypt action`,
    })
    const { GrantId } = await client.send(
      new kms.CreateGrantCommand({
        KeyId: id,
        GranteePrincipal: userArn('granted'),
        Operations: ['Decrypt'],
        Constraints: { EncryptionContextSubset: { app: 'shop' } },
      }),
    )
    await expect(decryptAs('granted')).resolves.toBeTruthy()
    const { Grants } = await client.send(new kms.ListGrantsCommand({ KeyId: id }))
    expect(Grants).toMatchObject([{ GrantId, GranteePrincipal: userArn('granted'), Operations: ['Decrypt'] }])
    await client.send(new kms.RevokeGrantCommand({ KeyId: id, GrantId }))
    await expect(decryptAs('granted')).rejects.toMatchObject({ name: 'AccessDeniedException' })

    // Without the statement for the account, identity policies mean nothing.
    const only = JSON.stringify(policy(allow('kms:*', { Principal: { AWS: userArn('admin') } })))
    await client.send(new kms.PutKeyPolicyCommand({ KeyId: id, Policy: only }))
    await expect(decryptAs('decrypter')).rejects.toMatchObject({
      message: expect.stringContaining('because no resource-based policy allows the kms:Decrypt action') as string,
    })
    expect((await client.send(new kms.GetKeyPolicyCommand({ KeyId: id }))).Policy).toBe(only)
    const locked = JSON.stringify(policy(allow('kms:Decrypt', { Principal: { AWS: userArn('decrypter') } })))
    await expect(client.send(new kms.PutKeyPolicyCommand({ KeyId: id, Policy: locked }))).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: 'The new key policy will not allow you to update the key policy in the future.',
    })
  })
})

describe('a secret under a key of the account’s own', () => {
  const secret = async (Name: string, KmsKeyId: string) =>
    (await store.ok('CreateSecret', { Name, SecretString: 'hunter2', KmsKeyId })).ARN

  it('is read by who may use the key too, and the two denials differ', async () => {
    const { id } = await newKey()
    await secret('own/one', id)
    expect((await store.ok('GetSecretValue', { SecretId: 'own/one' }, as('decrypter'))).SecretString).toBe('hunter2')
    expect(await store.refused('GetSecretValue', { SecretId: 'own/one' }, as('reader'))).toBe(
      'AccessDeniedException: Access to KMS is not allowed',
    )
    expect(await store.refused('DescribeSecret', { SecretId: 'own/one' }, as('reader'))).toContain(
      'is not authorized to perform: secretsmanager:DescribeSecret on resource: own/one because no identity-based policy',
    )
    expect(await store.refused('PutSecretValue', { SecretId: 'own/one', SecretString: 'w' }, as('decrypter'))).toBe(
      'AccessDeniedException: Access to KMS is not allowed',
    )
  })

  it('may be held to Secrets Manager, and to its own ARN', async () => {
    const { id } = await newKey()
    const arn = await secret('own/via', id)
    const put = (Condition: object) =>
      client.send(
        new kms.PutKeyPolicyCommand({
          KeyId: id,
          Policy: JSON.stringify(
            policy(
              allow('kms:*', { Principal: { AWS: userArn('admin') } }),
              allow('kms:Decrypt', { Principal: { AWS: userArn('reader') }, Condition: { StringEquals: Condition } }),
            ),
          ),
        }),
      )
    const read = async () => (await store.call('GetSecretValue', { SecretId: 'own/via' }, as('reader'))).status
    await put({ 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` })
    expect(await read()).toBe(200)
    await put({ 'kms:ViaService': `s3.${region}.amazonaws.com` })
    expect(await read()).toBe(400)
    await put({ 'kms:EncryptionContext:SecretARN': arn })
    expect(await read()).toBe(200)
    await put({ 'kms:EncryptionContext:SecretARN': `${arn}x` })
    expect(await read()).toBe(400)
  })

  it('is broken while its key is disabled, and whole again after', async () => {
    const { id } = await newKey()
    await secret('own/disabled', id)
    await client.send(new kms.DisableKeyCommand({ KeyId: id }))
    expect(await store.refused('GetSecretValue', { SecretId: 'own/disabled' })).toMatch(/^DecryptionFailure/)
    expect(await store.refused('PutSecretValue', { SecretId: 'own/disabled', SecretString: 'w' })).toMatch(
      /^EncryptionFailure/,
    )
    await client.send(new kms.EnableKeyCommand({ KeyId: id }))
    expect((await store.ok('GetSecretValue', { SecretId: 'own/disabled' })).SecretString).toBe('hunter2')
  })

  it('changes its key, with what it holds; a key that cannot be used is refused', async () => {
    const [one, two] = [await newKey(), await newKey()]
    await secret('own/moves', one.id)
    await store.ok('UpdateSecret', { SecretId: 'own/moves', KmsKeyId: two.arn })
    await client.send(new kms.DisableKeyCommand({ KeyId: one.id }))
    expect((await store.ok('GetSecretValue', { SecretId: 'own/moves' })).SecretString).toBe('hunter2')
    const { Versions } = (await store.ok('ListSecretVersionIds', { SecretId: 'own/moves' })) as {
      readonly Versions?: readonly { readonly KmsKeyIds?: readonly string[] }[]
    }
    expect(Versions?.[0]?.KmsKeyIds).toEqual([two.arn])
    expect(await store.refused('UpdateSecret', { SecretId: 'own/moves', KmsKeyId: 'alias/none' })).toBe(
      'AccessDeniedException: Access to KMS is not allowed',
    )
    expect(await store.refused('UpdateSecret', { SecretId: 'own/moves', KmsKeyId: one.id })).toMatch(
      /^EncryptionFailure/,
    )
    await store.ok('UpdateSecret', { SecretId: 'own/moves', KmsKeyId: '' })
    await client.send(new kms.DisableKeyCommand({ KeyId: two.id }))
    expect((await store.ok('GetSecretValue', { SecretId: 'own/moves' })).SecretString).toBe('hunter2')
  })

  it('is read from another account where both sides of the secret and both of the key allow it', async () => {
    const { id } = await newKey()
    const arn = await secret('own/shared', id)
    const reads = (name: string) => store.call('GetSecretValue', { SecretId: arn }, as(name))
    const messageFor = async (name: string): Promise<string | undefined> => {
      const { body } = await reads(name)
      return body.Message ?? body.message
    }
    expect(await messageFor('partner')).toContain('because no resource-based policy allows')
    await store.ok('PutResourcePolicy', {
      SecretId: arn,
      ResourcePolicy: JSON.stringify(
        policy(allow('secretsmanager:GetSecretValue', { Principal: { AWS: [consumer] } })),
      ),
    })
    expect(await messageFor('partner')).toBe('Access to KMS is not allowed')
    await client.send(
      new kms.PutKeyPolicyCommand({
        KeyId: id,
        Policy: JSON.stringify(
          policy(allow('kms:*', { Principal: { AWS: owner } }), allow('kms:Decrypt', { Principal: { AWS: consumer } })),
        ),
      }),
    )
    expect((await reads('partner')).body.SecretString).toBe('hunter2')
    expect(await messageFor('keyless')).toBe('Access to KMS is not allowed')
    const aws = new sm.SecretsManagerClient(options(keys('partner')))
    expect((await aws.send(new sm.GetSecretValueCommand({ SecretId: arn }))).SecretString).toBe('hunter2')
    aws.destroy()
  })
})
