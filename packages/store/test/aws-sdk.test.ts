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
