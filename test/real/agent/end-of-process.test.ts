import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AwsDouble } from '../../../packages/agent/test/aws-double.ts'
import { bareEnvironment, keyplane, type RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { requiredTool } from '../required-tool.ts'

let folder: ScratchFolder
let aws: AwsDouble
let endpoint: string
const running: RunningProcess[] = []

beforeEach(async () => {
  folder = new ScratchFolder()
  aws = new AwsDouble()
  aws.add('one', 'first')
  endpoint = await aws.listen()
})
afterEach(async () => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL')
  await aws.close()
  folder.remove()
})

interface StartOptions {
  readonly under?: readonly [string, ...string[]]
  /** More of the file, before its tables. */
  readonly toml?: string
  /** More of our own table. */
  readonly own?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

const start = async ({ under, toml = '', own = '', env: more = {} }: StartOptions = {}) => {
  writeFileSync(folder.at('token'), 'first token\n')
  writeFileSync(folder.at('agent.toml'), `http_port = 0\n${toml}\n[keyplane]\nendpoint = "${endpoint}"\n${own}\n`)
  const env = {
    ...bareEnvironment(folder.path),
    AWS_TOKEN: `file://${folder.at('token')}`,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'canary-key',
    ...more,
  }
  const process = keyplane(['agent', '-c', 'agent.toml'], { cwd: folder.path, env, ...(under && { under }) })
  running.push(process)
  const url = /http:\S+/.exec(await process.firstLine())?.[0]
  const read = (token = 'first token') =>
    fetch(`${url}/secretsmanager/get?secretId=one`, { headers: { 'X-Vault-Token': token } })
  return { process, read }
}

/** The first process of the namespace that `unshare` made. */
const firstOf = (unshare: number): number =>
  Number(readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').trim())

describe('an agent that is told to end while it answers', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s, answers, and ends with 0', async (signal) => {
    const { process, read } = await start()
    aws.delayMs = 1_000
    const answer = read()
    await expect.poll(() => aws.calls.some(({ operation }) => operation === 'GetSecretValue')).toBe(true)
    process.child.kill(signal)
    expect(await (await answer).json()).toMatchObject({ SecretString: 'first' })
    expect(await process.finished).toMatchObject({ code: 0, stderr: '' })
    await expect(read()).rejects.toThrow('fetch failed')
  })

  it('as the first process of a container, does so too', async () => {
    const { process, read } = await start({
      under: [requiredTool('unshare'), '--pid', '--fork', '--mount-proc', '--kill-child'],
    })
    aws.delayMs = 1_000
    const answer = read()
    await expect.poll(() => aws.calls.some(({ operation }) => operation === 'GetSecretValue')).toBe(true)
    globalThis.process.kill(firstOf(process.pid), 'SIGTERM')
    expect((await answer).status).toBe(200)
    expect(await process.finished).toMatchObject({ code: 0 })
  })
})

describe('an agent of its own process', () => {
  it('follows its token file', async () => {
    const { read } = await start()
    expect((await read()).status).toBe(200)
    writeFileSync(folder.at('token.new'), 'second token\n')
    renameSync(folder.at('token.new'), folder.at('token'))
    await expect.poll(async () => (await read('second token')).status, { timeout: 5_000 }).toBe(200)
    expect((await read()).status).toBe(403)
  })

  it('names itself to AWS as the AWS agent does, and itself', async () => {
    const { read } = await start()
    await read()
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['GetCallerIdentity', 'GetSecretValue'])
    for (const { userAgent } of aws.calls)
      expect(userAgent).toMatch(/^aws-secrets-manager-agent\/2\.0\.0 keyplane-agent\/\d+\.\d+\.\d+$/)
  })

  it('keeps an audit log that its command verifies, restarts and all, and shows an edit', async () => {
    const own = `audit_folder = "audit"`
    for (let starts = 0; starts < 2; starts += 1) {
      const { process, read } = await start({ own })
      for (let reads = 0; reads < 5; reads += 1) await read()
      await process.stop()
    }
    const verify = () => keyplane(['agent', 'audit', 'verify', 'audit'], { cwd: folder.path }).finished
    const whole = await verify()
    expect([whole.code, whole.stdout.match(/✓ .* records, none edited/g)?.length]).toEqual([0, 2])
    const [first = ''] = readdirSync(folder.at('audit')).toSorted()
    const text = readFileSync(folder.at('audit', first), 'utf8')
    expect(text).toContain('"count":"4"')
    writeFileSync(folder.at('audit', first), text.replace('"count":"4"', '"count":"1"'))
    expect(await verify()).toMatchObject({ code: 6, stdout: expect.stringContaining('has an edited') })
  })

  it('gives what it read before a restart while AWS is away', async () => {
    writeFileSync(folder.at('key'), `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 })
    const own = `persist_file = "cache"\npersist_key_file = "key"`
    const before = await start({ own })
    await before.read()
    await before.process.stop()
    aws.faults['*'] = 'reset'
    const { read } = await start({ own, toml: 'validate_credentials = false' })
    expect(await (await read()).json()).toMatchObject({ SecretString: 'first' })
  })

  const noCredentials = {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_EC2_METADATA_DISABLED: 'true',
  }

  it('does not start where there are no credentials', async () => {
    const error = await start({ env: noCredentials }).catch((thrown: unknown) => String(thrown))
    expect(error).toMatch(/It ended with 1 before it was ready: .*AWS credentials/)
  })

  it('that was told not to look for credentials starts without, and answers 500 to each read', async () => {
    const { read } = await start({ env: noCredentials, toml: 'validate_credentials = false' })
    const answer = await read()
    expect([answer.status, await answer.text()]).toEqual([500, '{"__type":"InternalFailure"}'])
  })

  it('says that its log file can’t be opened, and how to do without', async () => {
    writeFileSync(folder.at('logs'), 'in the way')
    const error = await start().catch((thrown: unknown) => String(thrown))
    expect(error).toMatch(
      /It ended with 1 .*The log file logs\/secrets_manager_agent\.log can't be opened \(EEXIST\); set log_to_file = false/,
    )
  })

  it.each([
    [{ status: 403, type: 'InvalidClientTokenId', message: 'no' }, 'It ended with 1'],
    [{ status: 403, type: 'AccessDenied', message: 'no' }, 'It ended with 1'],
    [{ status: 503, type: 'ServiceUnavailable', message: 'later' }, 'it starts'],
  ])('whose credentials STS answers with %j: %s', async (fault, outcome) => {
    aws.faults = { GetCallerIdentity: fault }
    const ended = await start().then(
      () => 'it starts',
      (thrown: unknown) => String(thrown),
    )
    expect(ended).toContain(outcome)
    expect(ended).not.toContain('canary')
  })
})
