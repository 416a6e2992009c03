import * as sm from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { systemClock } from '@keyplane/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { developer, region, TestStore } from './test-store.ts'

const store = new TestStore()
let client: sm.SecretsManagerClient
const options = () => ({ endpoint: store.running?.url ?? '', region, credentials: { ...developer } })

beforeAll(async () => {
  await store.start({ clock: systemClock })
  client = new sm.SecretsManagerClient(options())
})
afterAll(async () => {
  client.destroy()
  await store.remove()
})

describe("AWS's own client", () => {
  it('lives through the life of a secret', async () => {
    const Name = 'sdk/life'
    const { ARN } = await client.send(new sm.CreateSecretCommand({ Name, SecretString: 'one', Description: 'd' }))
    const put = await client.send(new sm.PutSecretValueCommand({ SecretId: ARN, SecretBinary: Uint8Array.of(0, 255) }))
    const found = await client.send(new sm.GetSecretValueCommand({ SecretId: Name }))
    expect(found).toMatchObject({ ARN, Name, VersionId: put.VersionId, VersionStages: ['AWSCURRENT'] })
    expect([found.SecretBinary, found.CreatedDate instanceof Date]).toEqual([Uint8Array.of(0, 255), true])
    const update = await client.send(new sm.UpdateSecretCommand({ SecretId: Name, SecretString: 'three' }))
    const described = await client.send(new sm.DescribeSecretCommand({ SecretId: Name }))
    expect(described.VersionIdsToStages).toEqual({
      [update.VersionId ?? '']: ['AWSCURRENT'],
      [put.VersionId ?? '']: ['AWSPREVIOUS'],
    })
    const deleted = await client.send(new sm.DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7 }))
    expect(deleted.DeletionDate?.getTime()).toBeGreaterThan(Date.now() + 6.9 * 86_400_000)
    await client.send(new sm.RestoreSecretCommand({ SecretId: Name }))
    await client.send(new sm.DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }))
    await expect(client.send(new sm.DescribeSecretCommand({ SecretId: Name }))).rejects.toBeInstanceOf(
      sm.ResourceNotFoundException,
    )
  })

  it('gets its typed errors with their messages and request ids', async () => {
    const error = await client
      .send(new sm.GetSecretValueCommand({ SecretId: 'nowhere' }))
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(sm.ResourceNotFoundException)
    expect(error).toMatchObject({
      message: "Secrets Manager can't find the specified secret.",
      $metadata: { httpStatusCode: 400, attempts: 1, requestId: expect.any(String) as string },
    })
    const wrong = new sm.SecretsManagerClient({
      ...options(),
      credentials: { ...developer, secretAccessKey: 'x'.repeat(20) },
    })
    await expect(wrong.send(new sm.GetSecretValueCommand({ SecretId: 'x' }))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringMatching(/^The request signature we calculated does not match/) as string,
    })
    wrong.destroy()
  })

  it('moves labels, lists versions, and gets many secrets at once', async () => {
    const Name = 'sdk/labels'
    const one = await client.send(new sm.CreateSecretCommand({ Name, SecretString: 'one' }))
    const two = await client.send(new sm.PutSecretValueCommand({ SecretId: Name, SecretString: 'two' }))
    await client.send(
      new sm.UpdateSecretVersionStageCommand({
        SecretId: Name,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: two.VersionId,
        MoveToVersionId: one.VersionId,
      }),
    )
    const { Versions = [] } = await client.send(new sm.ListSecretVersionIdsCommand({ SecretId: Name }))
    expect(Versions.find(({ VersionId }) => VersionId === one.VersionId)).toMatchObject({
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date) as Date,
      KmsKeyIds: ['DefaultEncryptionKey'],
    })
    const batch = await client.send(new sm.BatchGetSecretValueCommand({ SecretIdList: [Name, 'sdk/nowhere'] }))
    expect(batch.SecretValues?.map(({ SecretString }) => SecretString)).toEqual(['one'])
    expect(batch.Errors?.map(({ ErrorCode }) => ErrorCode)).toEqual(['ResourceNotFoundException'])
  })

  it('tags, and has policies put, validated, listed and taken away', async () => {
    const SecretId = 'sdk/policy'
    await client.send(new sm.CreateSecretCommand({ Name: SecretId, Tags: [{ Key: 'a', Value: '1' }] }))
    await client.send(new sm.TagResourceCommand({ SecretId, Tags: [{ Key: 'b', Value: '2' }] }))
    await client.send(new sm.UntagResourceCommand({ SecretId, TagKeys: ['a'] }))
    const { Tags } = await client.send(new sm.DescribeSecretCommand({ SecretId }))
    expect(Tags).toEqual([{ Key: 'b', Value: '2' }])
    const ResourcePolicy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
    })
    const blocked = new sm.PutResourcePolicyCommand({ SecretId, ResourcePolicy, BlockPublicPolicy: true })
    await expect(client.send(blocked)).rejects.toBeInstanceOf(sm.PublicPolicyException)
    await expect(
      client.send(new sm.PutResourcePolicyCommand({ SecretId, ResourcePolicy: '{' })),
    ).rejects.toBeInstanceOf(sm.MalformedPolicyDocumentException)
    const validation = await client.send(new sm.ValidateResourcePolicyCommand({ SecretId, ResourcePolicy }))
    expect(validation.PolicyValidationPassed).toBe(false)
    await client.send(new sm.PutResourcePolicyCommand({ SecretId, ResourcePolicy }))
    expect(await client.send(new sm.GetResourcePolicyCommand({ SecretId }))).toMatchObject({ ResourcePolicy })
    await client.send(new sm.DeleteResourcePolicyCommand({ SecretId }))
    const { ResourcePolicy: none } = await client.send(new sm.GetResourcePolicyCommand({ SecretId }))
    expect(none).toBeUndefined()
  })

  it('replicates, stops and removes', async () => {
    const elsewhere = new sm.SecretsManagerClient({ ...options(), region: 'eu-west-3' })
    const SecretId = 'sdk/replicated'
    const AddReplicaRegions = [{ Region: 'eu-west-3' }]
    const made = await client.send(new sm.CreateSecretCommand({ Name: SecretId, SecretString: 'v', AddReplicaRegions }))
    expect(made.ReplicationStatus?.[0]?.Status).toBe('InProgress')
    expect((await elsewhere.send(new sm.GetSecretValueCommand({ SecretId }))).SecretString).toBe('v')
    await client.send(
      new sm.ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region: 'eu-west-2' }] }),
    )
    await elsewhere.send(new sm.StopReplicationToReplicaCommand({ SecretId }))
    const removed = await client.send(
      new sm.RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ['eu-west-2'] }),
    )
    expect(removed.ReplicationStatus).toEqual([])
    elsewhere.destroy()
  })

  it('makes passwords, and is told that nothing can be rotated', async () => {
    const { RandomPassword } = await client.send(new sm.GetRandomPasswordCommand({ PasswordLength: 40 }))
    expect(RandomPassword).toHaveLength(40)
    const SecretId = 'sdk/rotated'
    await client.send(new sm.CreateSecretCommand({ Name: SecretId, SecretString: 'v' }))
    for (const command of [new sm.RotateSecretCommand({ SecretId }), new sm.CancelRotateSecretCommand({ SecretId })])
      await expect(client.send(command as sm.RotateSecretCommand)).rejects.toBeInstanceOf(sm.InvalidRequestException)
  })

  it('pages through a list', async () => {
    for (let index = 0; index < 5; index += 1)
      await client.send(new sm.CreateSecretCommand({ Name: `sdk/page/${index}`, SecretString: 'v' }))
    const names: (string | undefined)[] = []
    const Filters = [{ Key: 'name' as const, Values: ['sdk/page/'] }]
    for await (const page of sm.paginateListSecrets({ client, pageSize: 2 }, { Filters }))
      names.push(...(page.SecretList ?? []).map(({ Name }) => Name))
    expect(names).toEqual([0, 1, 2, 3, 4].map((index) => `sdk/page/${index}`))
  })

  it('asks STS who it is', async () => {
    const sts = new STSClient(options())
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:user/developer',
    })
    sts.destroy()
  })
})
