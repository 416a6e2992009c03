import { awsJsonClient, type ParameterStoreOperations } from '@keyplane/aws'
import { ssmProvider } from '@keyplane/providers'
import { BytesValue, type Outcome, type SecretProvider, type SecretVersion, TextValue } from '@keyplane/core'
import { describeProvider } from '@keyplane/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'
import { MotoServer, motoOptions } from './moto-server.ts'

const moto = new MotoServer()
beforeAll(() => moto.start())
afterAll(() => moto.stop())

/** Parameters as the AWS CLI writes them, so that not both sides are ours. */
const awsCli = async (...args: string[]): Promise<void> => {
  const { accessKeyId, secretAccessKey } = motoOptions.credentials
  const env = { PATH: process.env['PATH'], AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const all = ['--endpoint-url', moto.endpoint, '--region', motoOptions.region, 'ssm', ...args]
  const { code, stderr } = await runProgram(requiredTool('aws'), all, { cwd: '/', env })
  if (code !== 0) throw new Error(stderr)
}

const client = () =>
  awsJsonClient<ParameterStoreOperations & { LabelParameterVersion: { input: object; output: object } }>({
    region: motoOptions.region,
    endpoint: moto.endpoint,
    credentials: async () => motoOptions.credentials,
    service: 'ssm',
    targetPrefix: 'AmazonSSM',
  })

describeProvider(
  'ssm over moto',
  async (seed) => {
    await moto.reset()
    const own = client()
    for (const { name, value } of seed)
      await own.call('PutParameter', { Name: name, Value: String(value.reveal()), Type: 'SecureString' })
    own.close()
    return { provider: ssmProvider({ ...motoOptions, endpoint: moto.endpoint }) }
  },
  { describe, it },
  {
    bytes: 'Parameter Store keeps text only',
    empty: 'Parameter Store keeps no empty value',
    awkwardNames: 'Parameter Store takes names of A-Z a-z 0-9 / _ . - only',
    denies: 'moto refuses nothing: it checks neither signature nor policy here',
    silence: 'the server is shared by all rules',
    babble: 'moto babbles to nobody',
  },
)

describe('ssm over moto', () => {
  let provider: SecretProvider
  beforeEach(async () => {
    await moto.reset()
    provider = ssmProvider({ ...motoOptions, endpoint: moto.endpoint })
  })
  afterEach(() => provider.close?.())

  const told = (outcomes: readonly Outcome<SecretVersion>[] = []): unknown[] =>
    outcomes.map((outcome) => (outcome.ok ? outcome.value.value.reveal() : outcome.error.code))
  const put = (id: string, text: string, key: string) =>
    provider.write?.put({ id }, new TextValue(text), { idempotencyKey: key })

  it('reads what the AWS CLI wrote, of each type', async () => {
    await awsCli('put-parameter', '--name', '/prod/db', '--value', 'päß "1"', '--type', 'SecureString')
    await awsCli('put-parameter', '--name', '/prod/host', '--value', 'localhost', '--type', 'String')
    await awsCli('put-parameter', '--name', '/prod/hosts', '--value', 'a,b', '--type', 'StringList')
    const versions = await Promise.all(['/prod/db', '/prod/host', '/prod/hosts'].map((id) => provider.get({ id })))
    expect(versions.map(({ value, attributes }) => [value.reveal(), attributes?.['ssm.type']])).toEqual([
      ['päß "1"', 'SecureString'],
      ['localhost', 'String'],
      ['a,b', 'StringList'],
    ])
    const arn = 'arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db'
    expect(versions[0]).toMatchObject({ id: arn, name: '/prod/db', version: '1' })
    expect((await provider.get({ id: arn })).value.reveal()).toBe('päß "1"')
  })

  it('reads by version, label and the stage before', async () => {
    await put('db', 'first', '1')
    await put('db', 'second', '2')
    await put('db', 'third', '3')
    const own = client()
    await own.call('LabelParameterVersion', { Name: 'db', ParameterVersion: 1, Labels: ['blue'] })
    own.close()
    const read = async (ref: object): Promise<unknown> => (await provider.get({ id: 'db', ...ref })).value.reveal()
    expect(await read({ version: '2' })).toBe('second')
    expect(await read({ stage: 'label:blue' })).toBe('first')
    expect(await read({ stage: 'previous' })).toBe('second')
    await expect(read({ version: '9' })).rejects.toMatchObject({ code: 'version_not_found' })
    // AWS answers ParameterVersionNotFound here, moto ParameterNotFound: an absence both times.
    await expect(read({ stage: 'label:green' })).rejects.toMatchObject({ code: expect.stringMatching(/_not_found$/) })
  })

  it('reads ten at a time, each with its own outcome', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => `key-${index}`)
    for (const id of ids) await put(id, `value of ${id}`, id)
    const outcomes = await provider.many?.get([{ id: 'gone' }, ...ids.map((id) => ({ id }))])
    expect(told(outcomes)).toEqual(['secret_not_found', ...ids.map((id) => `value of ${id}`)])
  })

  it('tells the state without the value', async () => {
    await put('db', 'first', '1')
    await put('db', 'second', '2')
    const [state] = (await provider.state?.describe([{ id: 'db' }])) ?? []
    expect(state).toMatchObject({ ok: true, value: { versions: new Map([['2', ['current']]]) } })
  })

  it('lists page by page', async () => {
    const own = client()
    for (let index = 0; index < 60; index++)
      await own.call('PutParameter', { Name: `/page/${index}`, Value: 'x', Type: 'String' })
    own.close()
    const names: string[] = []
    for await (const { name } of provider.list?.list({ prefix: '/page/' }) ?? []) names.push(name)
    expect(new Set(names).size).toBe(60)
  })

  it('writes, creates only where nothing is, and deletes', async () => {
    await put('db', 'first', '1')
    const again = provider.write?.put({ id: 'db' }, new TextValue('x'), { idempotencyKey: '2', ifVersion: null })
    await expect(again).rejects.toMatchObject({ code: 'conflict' })
    await provider.write?.remove('db', { recoverableForMs: 0 })
    await expect(provider.get({ id: 'db' })).rejects.toMatchObject({ code: 'secret_not_found' })
    await expect(provider.write?.remove('db', { recoverableForMs: 0 })).rejects.toMatchObject({
      code: 'secret_not_found',
    })
    const bytes = provider.write?.put({ id: 'db' }, new BytesValue(Uint8Array.of(0)), { idempotencyKey: '3' })
    await expect(bytes).rejects.toMatchObject({ code: 'unsupported' })
  })
})
