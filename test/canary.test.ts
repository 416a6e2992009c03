import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type SecretProvider, TextValue } from '@keyplane/core'
import { openSecrets } from '@keyplane/secrets'
import { agentProvider, awsProvider } from '@keyplane/secrets/providers'
import { auditTail } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bareEnvironment,
  type Environment,
  keyplane,
  type PlaneFacts,
  type RunningProcess,
  startPlane,
} from '../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../packages/cli/test/scratch-folder.ts'
import { type Mark, markOf } from './canary-marks.ts'
import { EverythingWritten } from './everything-written.ts'

const marks = {
  text: markOf('text'),
  json: markOf('json'),
  notJson: markOf('not-json'),
  stdin: markOf('stdin'),
  large: markOf('large'),
  wrongKey: markOf('wrong-key'),
  wrongToken: markOf('wrong-token'),
  wrongRootKey: markOf('wrong-root-key'),
  environment: markOf('environment'),
  databaseUrl: markOf('database-url'),
} satisfies Record<string, Mark>
const all = Object.values(marks)

const folder = new ScratchFolder()
const data = folder.at('plane', '.keyplane')
const written = new EverythingWritten()
const processes: RunningProcess[] = []
let facts: PlaneFacts
let env: Environment

const keep = (where: string, process: RunningProcess): RunningProcess => {
  processes.push(process)
  void process.finished.then(({ stdout, stderr }) => written.add(where, stdout + stderr))
  return process
}

/** Runs a command to its end, with the arguments of all processes looked at while it runs; gives its exit code. */
const command = async (
  args: readonly string[],
  options: { stdin?: string; env?: Environment } = {},
): Promise<number> => {
  const process = keep(`keyplane ${args.join(' ')}`, keyplane(args, { cwd: folder.at('plane'), env, ...options }))
  written.addArguments()
  const { code } = await process.finished
  return code
}

/** What a library call gives, or the error that it throws, which is searched. */
const tried = async (where: string, act: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await act()
  } catch (error) {
    written.addError(where, error)
    return 'refused'
  }
}

const credentials = () => {
  const iam = JSON.parse(readFileSync(`${data}/iam.json`, 'utf8')) as {
    users: { accessKeys: { accessKeyId: string; secretAccessKey: string }[] }[]
  }
  const key = iam.users[0]?.accessKeys[0]
  if (!key) throw new Error('There are no keys.')
  return key
}

const store = (secretAccessKey = credentials().secretAccessKey): SecretProvider =>
  awsProvider({ region: 'us-east-1', endpoint: facts.storeUrl, credentials: { ...credentials(), secretAccessKey } })
const agent = (token?: string): SecretProvider =>
  agentProvider({ endpoint: facts.agentUrl, token: token ?? { file: `${data}/agent.token` } })

const putAll = async (): Promise<void> => {
  const values = {
    text: marks.text.text,
    json: JSON.stringify({ password: marks.json.text }),
    'not-json': `{"password": "${marks.notJson.text}`,
  }
  for (const [id, value] of Object.entries(values))
    await store().write?.put({ id: `canary/${id}` }, new TextValue(value), { idempotencyKey: id.padEnd(36, '-') })
  const put = (provider: SecretProvider, id: string, value: string) =>
    tried(`put ${id}`, () => provider.write!.put({ id }, new TextValue(value), { idempotencyKey: id.padEnd(36, '-') }))
  expect(await put(store(), 'canary/large', marks.large.text.repeat(3_000))).toBe('refused')
  expect(await put(store(), 'not a valid name', marks.text.text)).toBe('refused')
  expect(await put(store(marks.wrongKey.text), 'canary/wrong-key', marks.text.text)).toBe('refused')
}

const readByLibrary = async (provider: SecretProvider): Promise<void> => {
  const log: unknown[] = []
  const note = (message: string, facts?: unknown): void => void log.push(message, facts)
  const secrets = openSecrets({
    providers: [provider],
    environment: false,
    strict: true,
    log: { warn: note, error: note },
  })
  expect(await secrets.getSecret('canary/text')).toBe(marks.text.text)
  expect(await secrets.getSecretJson('canary/json')).toEqual({ password: marks.json.text })
  expect(await secrets.getSecretJson('canary/not-json')).toBeUndefined()
  expect(await tried('absent', () => secrets.getSecret('canary/absent'))).toBeUndefined()
  const reading = await secrets.read({ id: 'canary/text' })
  written.addError('a reading that is logged', reading)
  written.addError('a manager that is logged', secrets)
  written.add('a reading as JSON', JSON.stringify(reading))
  await secrets.close()
  written.add('the log of the library', JSON.stringify(log))
  expect(log.length).toBeGreaterThan(0)
}

const refusedByLibrary = async (where: string, provider: SecretProvider): Promise<void> => {
  const secrets = openSecrets({ providers: [provider], environment: false, strict: true })
  expect(await tried(where, () => secrets.getSecret('canary/text'))).toBe('refused')
  await secrets.close()
}

/** The agent over bare HTTP: both forms of its address, and its refusals. */
const askAgent = async (url: string, token: string): Promise<void> => {
  const ask = async (path: string, shown: string | undefined): Promise<[number, string]> => {
    const headers: Record<string, string> =
      shown === undefined ? {} : { 'X-Aws-Parameters-Secrets-Token': encodeURIComponent(shown) }
    const response = await fetch(url + path, { headers })
    const body = await response.text()
    if (response.status !== 200) written.add(`the agent's refusal of ${path}`, body)
    written.add(`the agent's headers for ${path}`, JSON.stringify([...response.headers]))
    return [response.status, body]
  }
  for (const path of ['/secretsmanager/get?secretId=canary%2Ftext', '/v1/canary/text']) {
    const [status, body] = await ask(path, token)
    expect([status, body.includes('CANARY')]).toEqual([200, true])
    expect((await ask(path, undefined))[0]).toBe(403)
    expect((await ask(path, marks.wrongToken.text))[0]).toBe(403)
  }
  expect((await ask('/secretsmanager/get?secretId=canary%2Fabsent', token))[0]).toBe(400)
  expect((await ask('/secretsmanager/get?secretId=canary%2Ftext&versionStage=NONE', token))[0]).toBe(400)
  expect((await ask('/secretsmanager/get?nothing=1', token))[0]).toBe(400)
}

/** The agent by its own command, with its log file at its most talkative. */
const askLoggingAgent = async (): Promise<void> => {
  const toml = `http_port = 0\nlog_level = "DEBUG"\n[keyplane]\nendpoint = "${facts.storeUrl}"\n`
  writeFileSync(folder.at('plane', 'agent.toml'), toml)
  const { accessKeyId, secretAccessKey } = credentials()
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: 'us-east-1' }
  const options = { cwd: folder.at('plane'), env: { ...env, ...keys, AWS_TOKEN: 'a-token-of-this-test' } }
  const process = keep('keyplane agent', keyplane(['agent', '--config', 'agent.toml'], options))
  const [url = ''] = /http:\S+/.exec(await process.firstLine()) ?? []
  await askAgent(url, 'a-token-of-this-test')
  await process.stop()
  expect(readFileSync(folder.at('plane', 'logs', 'secrets_manager_agent.log'), 'utf8')).toContain('canary/text')
}

const useCommands = async (): Promise<void> => {
  const child = ['--', 'sh', '-c', 'test -n "$KEY" && cat /proc/$PPID/cmdline /proc/$$/cmdline']
  const codes = await Promise.all([
    command(['set', 'canary/stdin', '-'], { stdin: marks.stdin.text }),
    command(['set', 'canary/large', '-'], { stdin: marks.large.text.repeat(3_000) }),
    command(['get', 'canary/text']),
    command(['get', 'canary/json', '--field', 'password', '--json']),
    command(['get', 'canary/not-json', '--field', 'password']),
    command(['get', 'canary/json', '--field', 'absent', '--reveal']),
    command(['run', 'KEY=canary/text', ...child]),
    command(['run', 'KEY=canary/not-json#password', ...child]),
    command(['list', '--json']),
    command(['audit', 'tail', '-n', '500', '--json']),
    command(['audit', 'verify']),
    command(['doctor']),
  ])
  expect(codes).toEqual([0, 1, 0, 0, 1, 4, 0, 1, 0, 0, 0, expect.any(Number)])
  const secret = marks.environment.text
  const names = ['KEYPLANE_AGENT_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID', 'AWS_SESSION_TOKEN']
  const set = Object.fromEntries(names.map((name) => [name, secret]))
  await command(['settings', 'show'], { env: { ...env, ...set } })
  await command(['settings', 'show', '--json'], { env: { ...env, ...set } })
}

/** A store that is started under another root key, the mark's own bytes. */
const startWithWrongRootKey = async (): Promise<void> => {
  writeFileSync(`${data}/root.key`, Buffer.from(marks.wrongRootKey.text).subarray(0, 32), { mode: 0o600 })
  expect(await command(['store', '--port', '0'])).toBe(78)
  expect(await command(['store', '--port', '0', '--json'])).toBe(78)
  // That file holds the mark because this test wrote it there.
  writeFileSync(`${data}/root.key`, '')
}

/** A store whose database's address lacks the slashes, so that its login is no login to a parser. */
const startWithoutSlashes = async (): Promise<void> => {
  for (const url of [
    `postgresql:${marks.databaseUrl.text}@127.0.0.1:9/ka`,
    `postgres://a:1/${marks.databaseUrl.text}@h/d`,
  ])
    expect(await command(['store', '--port', '0'], { env: { ...env, KEYPLANE_STORE_DATABASE_URL: url } })).toBe(78)
}

beforeAll(async () => {
  for (const name of ['plane', 'temp']) mkdirSync(folder.at(name))
  env = { ...bareEnvironment(folder.path), TMPDIR: folder.at('temp') }
  const plane = await startPlane('dev', { cwd: folder.at('plane'), env })
  facts = plane.facts
  keep('keyplane dev', plane.process)
  await putAll()
  await readByLibrary(store())
  await readByLibrary(agent())
  await refusedByLibrary('wrong keys', store(marks.wrongKey.text))
  await refusedByLibrary('a wrong token', agent(encodeURIComponent(marks.wrongToken.text)))
  await askAgent(facts.agentUrl, readFileSync(`${data}/agent.token`, 'utf8').trim())
  await askLoggingAgent()
  await useCommands()
  written.add('the audit log', JSON.stringify(await auditTail({ databasePath: `${data}/store.sqlite`, limit: 10_000 })))
  // While it runs, with the database's log and its index; and what is left when it has ended.
  written.addFolder(folder.path)
  await plane.process.stop()
  written.addFolder(folder.path)
  await startWithoutSlashes()
  await startWithWrongRootKey()
  written.addFolder(folder.path)
}, 60_000)

afterAll(async () => {
  await Promise.all(processes.map((process) => process.stop()))
  folder.remove()
})

describe('a secret value', () => {
  it('is nowhere in what a whole plane writes, in no form', () => {
    expect(written.find(all)).toEqual([])
  })

  it('was looked for in every place', () => {
    const places = written.places.join('\n')
    const files = ['store.sqlite', 'store.sqlite-wal', 'store.sqlite-shm', 'running.json', 'secrets_manager_agent.log']
    for (const file of files) expect(places).toContain(`/${file}`)
    for (const place of ['keyplane dev', 'keyplane agent', 'the audit log', 'arguments of ', 'the log of the library'])
      expect(places).toContain(place)
  })

  it.each(Object.entries(marks))('would be found in each of its forms: %s', (_name, { text }) => {
    const forms = [
      text,
      JSON.stringify({ text }),
      JSON.stringify({ nested: JSON.stringify({ text }) }),
      encodeURIComponent(text),
      new URLSearchParams({ text }).toString(),
      Buffer.from(text).toString('hex'),
      ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${text}!`).toString('base64')),
      ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${text}!`).toString('base64url')),
    ]
    for (const form of forms) {
      const planted = new EverythingWritten()
      planted.add('here', `before ${form} after`)
      expect(planted.find(all), form).not.toEqual([])
    }
  })

  it('would be found in a file, an error, its cause and an argument list', async () => {
    const planted = (act: (into: EverythingWritten) => unknown): string[] => {
      const into = new EverythingWritten()
      act(into)
      return into.find([marks.text])
    }
    mkdirSync(folder.at('planted', 'deep'), { recursive: true })
    writeFileSync(folder.at('planted', 'deep', 'file'), `\0\u0001${marks.text.text}\0`)
    expect(planted((into) => into.addFolder(folder.at('planted')))).not.toEqual([])
    const cause = Object.assign(new Error('inner'), { detail: marks.text.text })
    expect(planted((into) => into.addError('error', new Error('outer', { cause })))).not.toEqual([])
    const shell = keyplane(['get', marks.text.text], { cwd: folder.path })
    expect(planted((into) => into.addArguments())).not.toEqual([])
    await shell.stop('SIGKILL')
  })
})
