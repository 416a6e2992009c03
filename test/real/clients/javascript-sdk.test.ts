import * as sm from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RealPlane } from '../start-plane.ts'

const plane = new RealPlane()
let client: sm.SecretsManagerClient

beforeAll(() => plane.start('store'))
afterAll(() => plane.remove())
// The SDK finds region, endpoint and keys where a program of a user's has them: in the environment.
beforeEach(() => {
  Object.assign(process.env, plane.awsEnvironment)
  client = new sm.SecretsManagerClient()
  return () => client.destroy()
})

const create = (Name: string, SecretString = 'first') => client.send(new sm.CreateSecretCommand({ Name, SecretString }))
const read = (SecretId: string, VersionStage?: string) =>
  client.send(new sm.GetSecretValueCommand({ SecretId, ...(VersionStage && { VersionStage }) }))

describe('the AWS SDK for JavaScript', () => {
  it('creates, reads and updates a secret', async () => {
    const created = await create('sdk/life')
    expect(await read('sdk/life')).toMatchObject({ ARN: created.ARN, SecretString: 'first', Name: 'sdk/life' })
    await client.send(new sm.UpdateSecretCommand({ SecretId: created.ARN, SecretString: 'second', Description: 'two' }))
    expect((await read('sdk/life')).SecretString).toBe('second')
    const put = await client.send(
      new sm.PutSecretValueCommand({ SecretId: 'sdk/life', SecretBinary: Uint8Array.of(0, 255) }),
    )
    expect((await read('sdk/life')).SecretBinary).toEqual(Uint8Array.of(0, 255))
    expect((await read('sdk/life', 'AWSPREVIOUS')).SecretString).toBe('second')
    const described = await client.send(new sm.DescribeSecretCommand({ SecretId: 'sdk/life' }))
    expect(described).toMatchObject({ Description: 'two', CreatedDate: expect.any(Date) })
    expect(described.VersionIdsToStages?.[put.VersionId ?? '']).toEqual(['AWSCURRENT'])
  })

  it('lists by filter and by page', async () => {
    const names = [0, 1, 2, 3, 4].map((index) => `sdk/page/${index}`)
    for (const name of names) await create(name)
    const pages = []
    const Filters = [{ Key: 'name' as const, Values: ['sdk/page/'] }]
    for await (const { SecretList } of sm.paginateListSecrets({ client, pageSize: 2 }, { Filters }))
      pages.push((SecretList ?? []).map(({ Name }) => Name))
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
    expect(pages.flat()).toEqual(names)
  })

  it('deletes with a window, is refused the value, and restores', async () => {
    await create('sdk/gone')
    const SecretId = 'sdk/gone'
    const { DeletionDate } = await client.send(new sm.DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }))
    expect(Math.abs((DeletionDate?.getTime() ?? 0) - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000)
    await expect(read(SecretId)).rejects.toBeInstanceOf(sm.InvalidRequestException)
    await client.send(new sm.RestoreSecretCommand({ SecretId }))
    expect((await read(SecretId)).SecretString).toBe('first')
    await client.send(new sm.DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }))
    await expect(client.send(new sm.DescribeSecretCommand({ SecretId }))).rejects.toBeInstanceOf(
      sm.ResourceNotFoundException,
    )
  })

  it('gets its own class for a missing secret', async () => {
    const error = await read('nowhere').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(sm.ResourceNotFoundException)
    expect(error).toMatchObject({ message: "Secrets Manager can't find the specified secret." })
  })

  it('asks STS who it is', async () => {
    const sts = new STSClient()
    expect(await sts.send(new GetCallerIdentityCommand())).toMatchObject({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:user/developer',
    })
    sts.destroy()
  })

  it.each([
    ['AWS_SECRET_ACCESS_KEY', 'wrong', 'InvalidSignatureException', 'SignatureDoesNotMatch'],
    ['AWS_ACCESS_KEY_ID', 'AKIAUNKNOWN000000000', 'UnrecognizedClientException', 'InvalidClientTokenId'],
  ])('says what is wrong with %s', async (name, value, secretsManager, stsName) => {
    process.env[name] = value
    const [wrong, sts] = [new sm.SecretsManagerClient(), new STSClient()]
    await expect(wrong.send(new sm.ListSecretsCommand())).rejects.toMatchObject({ name: secretsManager })
    await expect(sts.send(new GetCallerIdentityCommand())).rejects.toMatchObject({ name: stsName })
    wrong.destroy()
    sts.destroy()
  })
})
