import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Change, SecretProvider } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { parseAgentConfig } from '../src/config.ts'
import { runAgent } from '../src/main.ts'
import { startAgent } from '../src/start-agent.ts'
import { memoryLog } from './memory-log.ts'
import { OneSecret } from './one-secret.ts'
import { token } from './token.ts'
import { exchange, parseAnswer } from './wire.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'keyplane-sources-'))

const asked = async (port: number, target: string) =>
  parseAnswer(
    await exchange(port, [`GET ${target} HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: ${token}\r\n\r\n`], {
      answers: 1,
    }),
  )

/** The command with another source; `use` runs while it listens. */
const withSource = async (
  own: string,
  env: Record<string, string>,
  use: (port: number) => Promise<void> = async () => {},
) => {
  const file = join(folder(), 'agent.toml')
  writeFileSync(file, `http_port = 0\nlog_level = "none"\nlog_to_file = false\n[keyplane]\n${own}\n`)
  const errors: string[] = []
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let using: Promise<void> | undefined
  const stdout = (text: string): void => {
    using = use(Number(/:(\d+)\n$/.exec(text)?.[1])).finally(end)
  }
  const stderr = (text: string): void => void errors.push(text)
  const code = await runAgent(['-c', file], { env: { AWS_TOKEN: token, ...env }, ended, stdout, stderr })
  await using
  return { code, errors: errors.join('') }
}

describe('an agent in front of another source than AWS', () => {
  // Whoever had a client's token could read the agent's own from the environment.
  it('serves no token of its own or of a client from the environment', async () => {
    const clients = '[[keyplane.clients]]\nname = "app"\ntoken = "env://APP_TOKEN"\nsecrets = ["*"]'
    const env = { APP_TOKEN: 'the token of app', DEMO: 'the value', KEYPLANE_ENV_FOLDER: folder() }
    const ended = await withSource(`source = "env"\n${clients}`, env, async (port) => {
      expect((await asked(port, '/v1/DEMO')).body).toContain('the value')
      for (const name of ['AWS_TOKEN', 'APP_TOKEN', 'KEYPLANE_AGENT_TOKEN', 'AWS_SESSION_TOKEN'])
        expect([name, (await asked(port, `/v1/${name}`)).status]).toEqual([name, 400])
    })
    expect(ended).toEqual({ code: 0, errors: '' })
  })

  it('answers in the AWS agent’s form from files, and asks no STS', async () => {
    const root = folder()
    mkdirSync(join(root, 'app'))
    writeFileSync(join(root, 'app', 'key'), 'the value')
    const ended = await withSource('source = "file"', { KEYPLANE_FILE_ROOTS: root }, async (port) => {
      const found = await asked(port, '/secretsmanager/get?secretId=app/key')
      expect([found.status, JSON.parse(found.body)]).toMatchObject([200, { SecretString: 'the value' }])
      const absent = await asked(port, '/secretsmanager/get?secretId=nope')
      expect([absent.status, absent.body]).toEqual([
        400,
        expect.stringContaining('"__type":"ResourceNotFoundException"'),
      ])
      const role = '&roleArn=arn:aws:iam::123456789012:role/x'
      expect((await asked(port, `/secretsmanager/get?secretId=app/key${role}`)).status).toBe(400)
      const { body } = await asked(port, '/metrics')
      expect(body).toContain('_count{operation="get",outcome="ok"} 1')
    })
    expect(ended).toEqual({ code: 0, errors: '' })
  })

  it('prefetches by prefix where the source tells names', async () => {
    const root = folder()
    for (const name of ['a-one', 'a-two', 'b']) writeFileSync(join(root, name), name)
    const own = 'source = "file"\nprefetch_prefixes = ["a-"]'
    await withSource(own, { KEYPLANE_FILE_ROOTS: root }, async (port) => {
      await expect.poll(async () => (await asked(port, '/readyz')).body).toBe('ready')
      expect((await asked(port, '/metrics')).body).toContain('_count{operation="get",outcome="ok"} 2')
    })
  })

  it.each([
    ['openbao', 'OPENBAO_ADDR'],
    ['service', 'SERVICE_URL'],
  ])('%s does not start without its settings, and names them', async (source, setting) => {
    const { code, errors } = await withSource(`source = "${source}"`, {})
    expect([code, errors]).toEqual([1, expect.stringContaining(setting)])
  })

  it('sees at once what the source pushes, long before the TTL', async () => {
    const clock = fakeClock()
    const changes: { push: (change: Change) => void } = { push: () => {} }
    const one = new OneSecret()
    const source: SecretProvider = {
      name: 'pushing',
      get: (ref) => one.get(ref),
      watch: {
        watch: async function* (_ids, signal) {
          while (!signal.aborted)
            yield await new Promise<Change>((resolve) => {
              changes.push = resolve
            })
        },
      },
    }
    const agent = await startAgent({
      config: parseAgentConfig('http_port = 0'),
      source,
      env: { AWS_TOKEN: token },
      log: memoryLog(),
      announce: () => {},
      clock,
      random: seededRandom(1),
    })
    const value = async () => (await asked(agent.port, '/secretsmanager/get?secretId=MyTest')).body
    expect(await value()).toContain('the value')
    one.text = 'the new value'
    one.version = '22222222-2222-4222-8222-222222222222'
    expect(await value()).toContain('"the value"')
    changes.push({ kind: 'changed', id: 'MyTest' })
    await clock.advance(0)
    expect(await value()).toContain('the new value')
    await agent.close(0)
  })
})
