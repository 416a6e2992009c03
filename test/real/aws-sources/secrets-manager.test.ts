import { awsProvider } from '@keyplane/providers'
import { type Outcome, type SecretProvider, type SecretVersion, TextValue } from '@keyplane/core'
import { describeProvider } from '@keyplane/testkit'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MotoServer, motoOptions } from './moto-server.ts'

const moto = new MotoServer()
beforeAll(() => moto.start())
afterAll(() => moto.stop())

const sdk = (): SecretsManagerClient => new SecretsManagerClient({ ...motoOptions, endpoint: moto.endpoint })

describeProvider(
  'aws over moto',
  async (seed) => {
    await moto.reset()
    const client = sdk()
    for (const { name, value } of seed) {
      const content = value.kind === 'text' ? { SecretString: value.reveal() } : { SecretBinary: value.reveal() }
      await client.send(new CreateSecretCommand({ Name: name, ...content }))
    }
    return { provider: awsProvider({ ...motoOptions, endpoint: moto.endpoint }), stop: () => client.destroy() }
  },
  { describe, it },
  {
    awkwardNames: 'AWS takes names of A-Z a-z 0-9 / _ + = . @ - only',
    empty: 'moto gives an empty value back as none',
    denies: 'moto refuses nothing: it checks neither signature nor policy here',
    silence: 'the server is shared by all rules',
    babble: 'moto babbles to nobody',
  },
)

describe('aws over moto', () => {
  let provider: SecretProvider
  let client: SecretsManagerClient
  beforeEach(async () => {
    await moto.reset()
    client = sdk()
    provider = awsProvider({ ...motoOptions, endpoint: moto.endpoint })
  })
  afterEach(async () => {
    await provider.close?.()
    client.destroy()
  })

  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `prod/key-${index}`)
  const create = async (...wanted: string[]): Promise<string[]> => {
    const arns: string[] = []
    for (const Name of wanted) {
      const { ARN = '' } = await client.send(new CreateSecretCommand({ Name, SecretString: `value of ${Name}` }))
      arns.push(ARN)
    }
    return arns
  }
  const told = (outcomes: readonly Outcome<SecretVersion>[] = []): unknown[] =>
    outcomes.map((outcome) => (outcome.ok ? outcome.value.value.reveal() : outcome.error.code))

  it('reads 25 secrets in batches of 20', async () => {
    await create(...names(25))
    const refs = names(25).map((id) => ({ id }))
    const outcomes = [
      ...told(await provider.many?.get(refs.slice(0, 20))),
      ...told(await provider.many?.get(refs.slice(20))),
    ]
    expect(outcomes).toEqual(names(25).map((name) => `value of ${name}`))
  })

  it('tells which of a batch are absent and which are being deleted', async () => {
    const [arn = ''] = await create('here', 'going')
    await client.send(new DeleteSecretCommand({ SecretId: 'going', RecoveryWindowInDays: 7 }))
    const outcomes = await provider.many?.get([{ id: 'gone' }, { id: arn }, { id: 'going' }, { id: 'here' }])
    expect(told(outcomes)).toEqual(['secret_not_found', 'value of here', 'secret_deleted', 'value of here'])
  })

  it('moves a stage there and back', async () => {
    await create('db')
    const { version: first = '' } = await provider.get({ id: 'db' })
    const { VersionId: second = '' } = await client.send(
      new PutSecretValueCommand({ SecretId: 'db', SecretString: 'second' }),
    )
    await provider.write?.moveStage?.('db', 'current', { from: second, to: first })
    expect((await provider.get({ id: 'db', stage: 'current' })).version).toBe(first)
    await provider.write?.moveStage?.('db', 'label:blue', { to: second })
    expect((await provider.get({ id: 'db', stage: 'label:blue' })).version).toBe(second)
  })

  it('is in conflict where a stage is elsewhere', async () => {
    await create('db')
    const { version: first = '' } = await provider.get({ id: 'db' })
    await provider.write?.put({ id: 'db' }, new TextValue('second'), { idempotencyKey: 'one' })
    await expect(provider.write?.moveStage?.('db', 'current', { to: first })).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})
