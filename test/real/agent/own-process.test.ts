import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { RealPlane } from '../start-plane.ts'
import { type AgentAnswer, TomlAgent } from './toml-agent.ts'

let plane: RealPlane
let agent: TomlAgent
let store: SecretsManagerClient

beforeEach(async () => {
  plane = await new RealPlane().start('store')
  Object.assign(process.env, plane.awsEnvironment)
  store = new SecretsManagerClient()
  await store.send(new CreateSecretCommand({ Name: 'one', SecretString: 'first' }))
  agent = new TomlAgent(plane)
  return async () => {
    store.destroy()
    await agent.stop()
    await plane.remove()
  }
})

const put = (SecretString: string) => store.send(new PutSecretValueCommand({ SecretId: 'one', SecretString }))
const value = ({ text }: AgentAnswer): unknown => (JSON.parse(text) as Record<string, unknown>)['SecretString']
/** The TTL is a second; what is due by then has to show within a few. */
const soon = { timeout: 8_000, interval: 100 }
const ttl = () => new Promise((resolve) => setTimeout(resolve, 1_200))

describe("an agent by the AWS agent's configuration", () => {
  it('says that it listens, logs to its file, and ends in peace on SIGTERM', async () => {
    await agent.start()
    expect(agent.process?.stdout).toContain(`listening on http://127.0.0.1:${agent.port}`)
    expect(value(await agent.read('one'))).toBe('first')
    const { code, stdout, stderr } = (await agent.process?.stop('SIGTERM')) ?? {}
    expect([code, stdout?.split('\n').length, stderr]).toEqual([0, 2, ''])
    expect(agent.log).toContain('"secretId":"one"')
    expect(agent.log).not.toContain('first')
  })

  it('keeps a value for its TTL, then shows the new one', async () => {
    await agent.start()
    expect(value(await agent.read('one'))).toBe('first')
    await put('second')
    expect(value(await agent.read('one'))).toBe('first')
    await vi.waitFor(async () => expect(value(await agent.read('one'))).toBe('second'), soon)
  })

  it('stops serving a secret at the next check after it was deleted', async () => {
    await agent.start()
    expect((await agent.read('one')).status).toBe(200)
    await store.send(new DeleteSecretCommand({ SecretId: 'one', RecoveryWindowInDays: 7 }))
    await ttl()
    const { status, text } = await agent.read('one')
    expect([status, text.includes('first')]).toEqual([400, false])
  })

  it('stops serving a secret that was deleted for good', async () => {
    await agent.start()
    expect((await agent.read('one')).status).toBe(200)
    await store.send(new DeleteSecretCommand({ SecretId: 'one', ForceDeleteWithoutRecovery: true }))
    await ttl()
    expect(await agent.read('one')).toMatchObject({ status: 400, text: expect.stringContaining('ResourceNotFound') })
  })

  it('serves what it has while the store is away', async () => {
    await agent.start()
    await agent.read('one')
    await plane.stop()
    await ttl()
    expect(value(await agent.read('one'))).toBe('first')
    expect((await agent.read('never-read')).status).toBe(502)
  })

  it('says that the store is away where passing failures are not to be ignored', async () => {
    await agent.start('ignore_transient_errors = false')
    await agent.read('one')
    await plane.stop()
    await ttl()
    const { status, text } = await agent.read('one')
    expect([status, text.includes('first')]).toEqual([502, false])
  })

  it('refuses a configuration with all its faults at once', async () => {
    const failure = await agent.start('max_conn = 0\nttl = 5\n').catch((error: unknown) => String(error))
    expect(failure).toContain('It ended with 1 before')
    expect(failure).toContain('agent.toml:5: max_conn must be a whole number from 1 to 1000.\n')
    expect(failure).toContain('agent.toml:6: ttl is not an option')
  })
})
