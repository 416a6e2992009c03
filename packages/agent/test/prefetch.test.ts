import { describe, expect, it } from 'vitest'
import type { AwsDouble } from './aws-double.ts'
import { type AwsAgent, startAwsAgent } from './start-aws-agent.ts'

const names = Array.from({ length: 45 }, (_, index) => `app/key${index}`)
const fill = (aws: AwsDouble): void => {
  for (const name of [...names, 'other', 'a-secret']) aws.add(name)
  for (const name of ['app/key1', 'app/key2', 'app/key3', 'other'])
    Object.assign(aws.secrets.get(name) ?? {}, { tags: ['team'] })
}

const start = (toml: string, prepare = fill): Promise<AwsAgent> => startAwsAgent(toml, prepare)

const isReady = ({ ask }: AwsAgent) => ask('/readyz').then(({ body }) => body === 'ready')
const ready = async (agent: AwsAgent): Promise<void> => {
  while (!(await isReady(agent))) await agent.clock.advance(10)
}
const get = (id: string): string => `/secretsmanager/get?secretId=${id}`
const secrets = (ids: readonly string[]): string =>
  `[prefetch]\nsecrets = [${ids.map((id) => `{ secret_id = "${id}" }`).join(', ')}]\n`
const arnOf = (name: string): string => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`

describe('prefetching', () => {
  it('reads twenty secrets a call, and what was read is there for the first request', async () => {
    const agent = await start(secrets(names))
    await ready(agent)
    expect(agent.aws.calls.map(({ input }) => input.SecretIdList?.length)).toEqual([20, 20, 5])
    agent.aws.taken()
    for (const name of names) expect((await agent.ask(get(name))).status).toBe(200)
    expect(agent.aws.taken()).toEqual([])
    expect(agent.log.lines.join('\n')).toContain('Pre-fetch complete: success=45, failed=0')
  })

  it.each(['app/key1', 'a-secret'])('by ARN serves requests by ARN and by name: %s', async (name) => {
    const agent = await start(secrets([arnOf(name)]))
    await ready(agent)
    agent.aws.taken()
    for (const id of [name, arnOf(name), `${name}&versionStage=AWSCURRENT`])
      expect((await agent.ask(get(id))).status).toBe(200)
    expect(agent.aws.taken()).toEqual([])
  })

  it('by a partial ARN, or another account’s, reads just that', async () => {
    const foreign = 'arn:aws:secretsmanager:us-east-1:999999999999:secret:app/key1-AbCdEf'
    const agent = await start(secrets([arnOf('a-secret').slice(0, -7), foreign]))
    await ready(agent)
    const asked = agent.aws.calls.flatMap(({ input }) => input.SecretIdList ?? [String(input.SecretId)])
    expect(asked).toContain(foreign)
    expect(asked).not.toContain('app/key1')
    agent.aws.taken()
    expect((await agent.ask(get(arnOf('a-secret').slice(0, -7)))).status).toBe(200)
    expect(agent.aws.taken()).toEqual([])
    expect(agent.log.lines.join('\n')).toContain('success=1, failed=1')
  })

  it('by an ARN whose name is another secret’s since reads just that', async () => {
    const former = arnOf('a-secret').replace('AbCdEf', 'FoRmEr')
    const agent = await start(secrets([former]))
    await ready(agent)
    const asked = agent.aws.calls.flatMap(({ input }) => input.SecretIdList ?? [String(input.SecretId)])
    expect(asked).toEqual(expect.arrayContaining(['a-secret', former]))
    expect(agent.log.lines.join('\n')).toContain('success=0, failed=1')
  })

  it('by tag and by prefix reads what there is, each once, page by page', async () => {
    const agent = await start(
      '[[prefetch.filter_tags]]\nkey = "team"\n[keyplane]\nprefetch_prefixes = ["app/key4", "app/key1"]\n',
    )
    await ready(agent)
    const operations = agent.aws.calls.map(({ operation }) => operation)
    expect(operations.filter((operation) => operation === 'ListSecrets').length).toBeGreaterThan(3)
    const read = agent.aws.calls.flatMap(({ input }) => input.SecretIdList ?? [])
    expect(read.length).toBe(new Set(read).size)
    const below = names.filter((name) => name.startsWith('app/key4') || name.startsWith('app/key1'))
    expect(new Set(read)).toEqual(new Set([...below, 'app/key2', 'app/key3', 'other']))
  })

  it('fills its part of the cache and no more', async () => {
    const agent = await start(`cache_size = 10\n${secrets(names)}cache_buffer_ratio = 0.5\n`)
    await ready(agent)
    expect(agent.log.lines.join('\n')).toContain('success=5, failed=0')
  })

  it('by a role reads and lists as that role', async () => {
    const role = 'arn:aws:iam::123456789012:role/reader'
    const agent = await start(
      `[[prefetch.secrets]]\nsecret_id = "other"\nrole_arn = "${role}"\n[[prefetch.filter_tags]]\nkey = "team"\nrole_arn = "${role}"\n`,
    )
    await ready(agent)
    const others = agent.aws.calls.filter(({ operation }) => operation !== 'AssumeRole')
    expect(new Set(others.map(({ keyId }) => keyId))).toEqual(new Set(['ASIA-reader']))
    agent.aws.taken()
    await agent.ask(`${get('app/key2')}&roleArn=${role}`)
    expect(agent.aws.taken()).toEqual([])
  })

  it('by roles lists and reads side by side', async () => {
    const [one, two] = ['one', 'two'].map((role) => `arn:aws:iam::123456789012:role/${role}`)
    const tags = [one, two].map((role) => `[[prefetch.filter_tags]]\nkey = "team"\nrole_arn = "${role}"\n`)
    let most = 0
    const agent = await start(tags.join(''), (aws) => {
      fill(aws)
      aws.delayMs = 30
    })
    const watch = setInterval(() => {
      most = Math.max(most, agent.aws.answering)
    }, 2)
    await ready(agent)
    clearInterval(watch)
    const reads = agent.aws.calls.filter(({ operation }) => operation === 'GetSecretValue')
    expect(reads.map(({ keyId }) => keyId).toSorted()).toEqual([
      ...Array(4).fill('ASIA-one'),
      ...Array(4).fill('ASIA-two'),
    ])
    expect(most).toBe(8)
  })

  it('begins within its jitter, and requests do not wait for it; readiness does', async () => {
    const agent = await start(`${secrets(['other'])}max_jitter_seconds = 10\n`)
    expect(await agent.ask('/readyz')).toMatchObject({ status: 503, body: 'prefetching' })
    expect(await agent.ask('/ping')).toMatchObject({ status: 200 })
    expect((await agent.ask(get('a-secret'))).status).toBe(200)
    await agent.clock.advance(10_000)
    await ready(agent)
  })

  it('of what is not there or not allowed fails nothing else', async () => {
    const agent = await start(`${secrets(['nope', 'other'])}[[prefetch.filter_tags]]\nkey = "team"\n`, (aws) => {
      fill(aws)
      aws.faults = { ListSecrets: { status: 400, type: 'AccessDeniedException', message: 'no lists' } }
    })
    await ready(agent)
    const told = agent.log.lines.join('\n')
    expect(told).toContain('{"tagKey":"team","code":"access_denied"} Secrets to prefetch could not be listed.')
    expect(told).toContain('success=1, failed=1')
  })

  it('ends with the agent', async () => {
    const agent = await startAwsAgent(`${secrets(names)}max_jitter_seconds = 10\n`, fill)
    await agent.close()
    await agent.clock.advance(20_000)
    expect(agent.aws.calls).toEqual([])
    expect(agent.clock.waiting).toBe(0)
  })

  it('is not spoken of where nothing is to be prefetched', async () => {
    const agent = await start('')
    await ready(agent)
    expect(agent.log.lines.join('\n')).not.toContain('Pre-fetch')
  })
})
