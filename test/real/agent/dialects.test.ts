import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { LabelParameterVersionCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Finished, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { MotoServer, motoOptions } from '../aws-sources/moto-server.ts'
import { freePort } from '../openbao/bao-server.ts'
import { requiredTool } from '../required-tool.ts'
import { RealPlane } from '../start-plane.ts'
import { TomlAgent } from './toml-agent.ts'

const token = 'a token of this test'
const script = (name: string): string => fileURLToPath(new URL(`clients/${name}`, import.meta.url))
const answersOf = ({ code, stdout, stderr }: Finished): unknown[] => {
  expect([code, stderr]).toEqual([0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

let plane: RealPlane
let agent: TomlAgent

beforeEach(async () => {
  plane = await new RealPlane().start('store')
  Object.assign(process.env, plane.awsEnvironment)
  const store = new SecretsManagerClient()
  const secrets = { 'app/db': '{"password":"s3cret","port":5432}', 'app/a+c': '{"x":"odd"}', 'app/text': 'just text' }
  for (const [Name, SecretString] of Object.entries(secrets))
    await store.send(new CreateSecretCommand({ Name, SecretString }))
  store.destroy()
  agent = new TomlAgent(plane)
  return async () => {
    await agent.stop()
    await plane.remove()
  }
})

describe('an agent that speaks as Vault does', () => {
  const environment = (): Record<string, string> => {
    const address = `http://127.0.0.1:${agent.port}`
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: plane.cwd,
      VAULT_ADDR: address,
      BAO_ADDR: address,
      VAULT_TOKEN: token,
      BAO_TOKEN: token,
    }
  }
  const bao = (...args: readonly string[]): Promise<Finished> =>
    runProgram(requiredTool('bao'), args, { cwd: plane.cwd, env: { ...environment(), BAO_MAX_RETRIES: '0' } })

  it('is read by hvac, unchanged, at a port of its own', async () => {
    const port = await freePort()
    await agent.start('', `vault_port = ${port}`)
    const run = await runProgram(requiredTool('python'), [script('hvac_reads.py')], {
      cwd: plane.cwd,
      env: { ...environment(), VAULT_ADDR: `http://127.0.0.1:${port}` },
    })
    const metadata = ['created_time', 'custom_metadata', 'deletion_time', 'destroyed', 'version']
    const database = [{ password: 's3cret', port: 5432 }, metadata]
    expect(Object.fromEntries(answersOf(run) as [string, unknown][])).toEqual({
      authenticated: true,
      initialized: true,
      sealed: false,
      health: 200,
      current: database,
      'odd name': [{ x: 'odd' }, metadata],
      text: [{ value: 'just text' }, metadata],
      'this version': database,
      absent: { raised: 'InvalidPath' },
      'absent version': { raised: 'InvalidPath' },
      'other mount': { raised: 'InvalidPath' },
      write: { raised: 'UnexpectedError' },
      list: { raised: 'UnexpectedError' },
      'wrong token': { raised: 'Forbidden' },
      namespace: { raised: 'InvalidRequest' },
    })
  })

  it('is read by bao kv get, unchanged, in each of its forms', async () => {
    await agent.start('', 'vault_mounts = ["secret"]')
    expect(await bao('kv', 'get', '-mount=secret', '-field=password', 'app/db')).toMatchObject({
      code: 0,
      stdout: 's3cret',
    })
    expect(await bao('kv', 'get', '-field=port', 'secret/app/db')).toMatchObject({ code: 0, stdout: '5432' })
    const json = await bao('kv', 'get', '-format=json', 'secret/app/db')
    expect(json.code).toBe(0)
    expect(JSON.parse(json.stdout)).toMatchObject({ data: { data: { password: 's3cret', port: 5432 } } })
    const { metadata } = (JSON.parse(json.stdout) as { data: { metadata: { version: number } } }).data
    const again = await bao('kv', 'get', `-version=${metadata.version}`, '-field=password', 'secret/app/db')
    expect(again).toMatchObject({ code: 0, stdout: 's3cret' })
    expect((await bao('kv', 'get', 'secret/app/db')).stdout).toMatch(/password +s3cret/)
    expect(await bao('read', '-field=data', 'secret/data/app/text')).toMatchObject({
      code: 0,
      stdout: 'map[value:just text]',
    })
    expect((await bao('status')).code).toBe(0)
    expect((await bao('token', 'lookup')).code).toBe(0)
  })

  it('tells bao what is not there, not its own, and not to be written', async () => {
    await agent.start('', 'vault_mounts = ["secret"]')
    expect(await bao('kv', 'get', 'secret/nope')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No value found'),
    })
    expect((await bao('kv', 'get', 'other/app/db')).stderr).toContain('preflight capability check returned 403')
    expect((await bao('kv', 'put', 'secret/app/db', 'a=b')).stderr).toContain('unsupported operation')
  })
})

describe("an agent that speaks as AWS's Lambda extension does", () => {
  it('serves a function that has no SDK', async () => {
    const moto = new MotoServer()
    await moto.start()
    const ssm = new SSMClient({ ...motoOptions, endpoint: moto.endpoint, region: 'us-east-1' })
    const put = (Name: string, Value: string, Type: 'String' | 'SecureString', Overwrite = false) =>
      ssm.send(new PutParameterCommand({ Name, Value, Type, Overwrite }))
    try {
      await put('/app/key', 'first', 'String')
      await ssm.send(new LabelParameterVersionCommand({ Name: '/app/key', ParameterVersion: 1, Labels: ['blue'] }))
      await put('/app/key', 'second', 'String', true)
      await put('/app/hidden', 'decrypted', 'SecureString')
      await agent.start('', 'lambda_extension = true', { AWS_ENDPOINT_URL_SSM: moto.endpoint })
      const run = await runProgram(requiredTool('python'), [script('lambda_function.py')], {
        cwd: plane.cwd,
        env: { PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: String(agent.port), AWS_SESSION_TOKEN: token },
      })
      expect(answersOf(run)).toEqual([
        '{"password":"s3cret","port":5432}',
        {
          ARN: expect.stringMatching(/^arn:aws:ssm:us-east-1:\d{12}:parameter\/app\/key$/),
          DataType: 'text',
          LastModifiedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/),
          Name: '/app/key',
          Selector: null,
          SourceResult: null,
          Type: 'String',
          Value: 'second',
          Version: 2,
        },
        'decrypted',
        'first',
        'first',
        { status: 400, body: expect.stringContaining('"__type":"ParameterNotFound"') },
      ])
    } finally {
      ssm.destroy()
      await moto.stop()
    }
  })
})
