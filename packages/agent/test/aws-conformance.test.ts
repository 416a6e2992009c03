import { describe, expect, it } from 'vitest'
import { versionId } from './aws-double.ts'
import { addMyTest, type AwsAgent, startAwsAgent } from './start-aws-agent.ts'

const start = (toml?: string): Promise<AwsAgent> => startAwsAgent(toml, addMyTest)

const get = '/secretsmanager/get?secretId='
const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:MyTest-AbCdEf'
const ttlMs = 300_000

describe('a parameter', () => {
  it.each<[string, string]>([
    ['', 'missing parameter secretId'],
    ['secretId=', 'missing parameter secretId'],
    ['SecretId=MyTest', 'unknown parameter: SecretId'],
    ['secretId=MyTest&x%22%0Ay=1', 'unknown parameter: x"\ny'],
    ['refreshNow=no&x=1', 'invalid refreshNow value'],
    ['x=1&refreshNow=no', 'unknown parameter: x'],
    ['secretId=MyTest&refreshNow=', 'invalid refreshNow value'],
    ['secretId=MyTest&refreshNow', 'invalid refreshNow value'],
    ['secretId=MyTest&refreshNow=yes&refreshNow=1', 'invalid refreshNow value'],
    ['roleArn=x', 'missing parameter secretId'],
  ])('%j is refused with the AWS agent’s words, and AWS is not asked', async (query, body) => {
    const { ask, aws } = await start()
    expect(await ask(`/secretsmanager/get?${query}`)).toMatchObject({ status: 400, body })
    expect(aws.taken()).toEqual([])
  })

  it.each<[string, object]>([
    ['secretId=MyTest', { SecretId: 'MyTest' }],
    ['secretId=a&secretId=MyTest', { SecretId: 'MyTest' }],
    ['secret%49d=My%54est', { SecretId: 'MyTest' }],
    ['secretId=My+Te%2Fst', { SecretId: 'My Te/st' }],
    ['secretId=%FF', { SecretId: '\uFFFD' }],
    ['&&secretId=MyTest', { SecretId: 'MyTest' }],
    [`secretId=MyTest&versionId=${versionId(1)}`, { SecretId: 'MyTest', VersionId: versionId(1) }],
    ['secretId=MyTest&versionStage=AWSPREVIOUS', { SecretId: 'MyTest', VersionStage: 'AWSPREVIOUS' }],
    ['secretId=MyTest&versionStage=', { SecretId: 'MyTest', VersionStage: '' }],
    ['secretId=MyTest&versionId=', { SecretId: 'MyTest', VersionId: '' }],
  ])('%j asks AWS for %j', async (query, input) => {
    const { ask, aws } = await start()
    await ask(`/secretsmanager/get?${query}`)
    expect(aws.calls.map((call) => call.input)).toEqual([input])
  })

  it.each(['true', 'TRUE', '1'])('refreshNow=%s asks AWS, "0" and "false" do not', async (value) => {
    const { ask, aws } = await start()
    await ask(`${get}MyTest`)
    aws.taken()
    for (const no of ['false', 'False', '0']) await ask(`${get}MyTest&refreshNow=${no}`)
    expect(aws.taken()).toEqual([])
    await ask(`${get}MyTest&refreshNow=${value}`)
    expect(aws.taken()).toEqual(['GetSecretValue'])
  })
})

describe('a path', () => {
  it.each<[string, string]>([
    ['/v1/MyTest', 'MyTest'],
    ['/v1/My/Test', 'My/Test'],
    ['/v1/My%20Test', 'My%20Test'],
    ['/v1/a\\b', 'a/b'],
    ['/v1/a"b', 'a%22b'],
    ['/v1//a', '/a'],
    ['/v1/a/', 'a/'],
    [`/v1/${arn}`, arn],
  ])('%j asks AWS for %j', async (target, id) => {
    const { ask, aws } = await start()
    await ask(target)
    expect(aws.calls.map(({ input }) => input['SecretId'])).toEqual([id])
  })

  it('takes the other parameters, and no secretId', async () => {
    const { ask, aws } = await start()
    await ask('/v1/MyTest?versionStage=AWSCURRENT&refreshNow=1')
    expect(aws.calls[0]?.input).toEqual({ SecretId: 'MyTest', VersionStage: 'AWSCURRENT' })
    expect(await ask('/v1/MyTest?secretId=a')).toMatchObject({ status: 400, body: 'unknown parameter: secretId' })
  })

  it.each(['/ping/', '/secretsmanager/get/', '/v1', '/V1/x', '//v1/x', '/systemsmanager/parameters/get'])(
    '%s is nobody’s',
    async (target) => {
      const { ask } = await start()
      expect(await ask(target)).toMatchObject({ status: 404, body: 'Not found' })
    },
  )

  it('begins where path_prefix says, and never takes what is another route’s', async () => {
    const { ask, aws } = await start('path_prefix = "/"')
    expect(await ask('/ping')).toMatchObject({ body: 'healthy' })
    expect(await ask(`${get}MyTest`)).toMatchObject({ status: 200 })
    await ask('/some/secret')
    expect(aws.calls.at(-1)?.input).toEqual({ SecretId: 'some/secret' })
  })
})

describe('a body', () => {
  const known = `"ARN":"${arn}","Name":"MyTest","VersionId":"${versionId(1)}"`

  it.each<[string, { text?: string; base64?: string }, string]>([
    ['a text', { text: 'the value' }, '"SecretString":"the value"'],
    ['an empty text', { text: '' }, '"SecretString":""'],
    [
      'a text of all kinds',
      { text: '\u0001\n"\\ \u2028\u007f é 🔑' },
      '"SecretString":"\\u0001\\n\\"\\\\ \u2028\u007f é 🔑"',
    ],
    ['bytes', { base64: 'AAEC/w==' }, '"SecretBinary":"AAEC/w=="'],
  ])('of %s has the AWS agent’s keys in their order, and its escapes', async (_what, value, member) => {
    const { ask, aws } = await start()
    const [version] = aws.secrets.get('MyTest')?.versions ?? []
    Object.assign(version ?? {}, { text: undefined, ...value })
    const { body, headers } = await ask(`${get}MyTest`)
    expect(Buffer.from(body, 'latin1').toString()).toBe(
      `{${known},${member},"VersionStages":["AWSCURRENT"],"CreatedDate":"1569534789.046"}`,
    )
    expect(Object.keys(headers)).toEqual(['content-type', 'content-length', 'date'])
  })
})

describe('an error', () => {
  const failure = '{"__type":"InternalFailure"}'
  it.each<[string, object | 'reset' | 'hang', number, string]>([
    [
      'in AWS’s words, escaped',
      { status: 400, type: 'InvalidParameterException', message: 'bad "x" \\ y\nz' },
      400,
      '{"__type":"InvalidParameterException","message":"bad \\"x\\" \\\\ y\\nz"}',
    ],
    [
      'with AWS’s own status',
      { status: 403, type: 'AccessDeniedException', message: 'no' },
      403,
      '{"__type":"AccessDeniedException","message":"no"}',
    ],
    ['without a message', { status: 400, type: 'ResourceNotFoundException', message: '' }, 400, failure],
    ['of AWS’s own', { status: 500, type: 'InternalFailure', message: 'boom' }, 500, failure],
    ['without a name', { status: 503, body: '{}' }, 500, failure],
    ['without sense', { status: 200, body: 'garbage' }, 500, failure],
    ['of the network', 'reset', 502, '{"__type":"ConnectionError","message":"Read Error"}'],
    ['of time', 'hang', 504, '{"__type":"TimeoutError","message":"Timeout"}'],
  ])('%s is passed on', async (_what, fault, status, body) => {
    const { ask, aws } = await start()
    aws.faults['*'] = fault as never
    expect(await ask(`${get}MyTest`)).toMatchObject({ status, body, headers: { 'content-type': 'application/json' } })
  })

  it('is not kept: the next request but a moment later asks again', async () => {
    const { ask, aws, clock } = await start()
    for (let request = 0; request < 3; request += 1) {
      expect((await ask(`${get}Nope`)).status).toBe(400)
      await clock.advance(1_000)
    }
    expect(aws.taken()).toEqual(['GetSecretValue', 'GetSecretValue', 'GetSecretValue'])
    aws.add('Nope')
    expect((await ask(`${get}Nope`)).status).toBe(200)
  })
})

describe('the cache', () => {
  it('answers within the TTL without a call', async () => {
    const { ask, aws, clock } = await start()
    for (let request = 0; request < 5; request += 1) {
      expect((await ask(`${get}MyTest`)).status).toBe(200)
      await clock.advance(ttlMs / 6)
    }
    expect(aws.taken()).toEqual(['GetSecretValue'])
  })

  it('checks an expired value by one DescribeSecret, by its ARN, and reads every fourth time', async () => {
    const { ask, aws, clock } = await start()
    await ask(`${get}MyTest`)
    for (let check = 0; check < 8; check += 1) {
      await clock.advance(ttlMs)
      await ask(`${get}MyTest`)
    }
    const describes = aws.calls.filter(({ operation }) => operation === 'DescribeSecret')
    expect(new Set(describes.map(({ input }) => input['SecretId']))).toEqual(new Set([arn]))
    const three = ['DescribeSecret', 'DescribeSecret', 'DescribeSecret']
    expect(aws.taken()).toEqual(['GetSecretValue', ...three, 'GetSecretValue', ...three, 'GetSecretValue'])
  })

  it('reads a rotated one after the check', async () => {
    const { ask, aws, clock } = await start()
    await ask(`${get}MyTest`)
    aws.rotate('MyTest', 'new')
    // Nobody asks meanwhile, so that nothing is refreshed ahead while the clock is moved.
    await clock.advance(ttlMs)
    expect((await ask(`${get}MyTest`)).body).toContain('"new"')
    expect(aws.taken()).toEqual(['GetSecretValue', 'DescribeSecret', 'GetSecretValue'])
  })

  it('keeps a pinned version as long as AWS has it, whatever its labels', async () => {
    const { ask, aws, clock } = await start()
    const pinned = `${get}MyTest&versionId=${versionId(1)}`
    await ask(pinned)
    aws.rotate('MyTest', 'new')
    await clock.advance(ttlMs)
    const kept = (await ask(pinned)).body
    expect(kept).toContain('the value')
    expect(kept).toContain('"VersionStages":["AWSPREVIOUS"]')
    aws.rotate('MyTest', 'newer')
    await clock.advance(ttlMs)
    aws.secrets.get('MyTest')?.versions.shift()
    expect(await ask(pinned)).toMatchObject({ status: 400 })
  })

  it('reads where DescribeSecret tells of no versions, or is not allowed', async () => {
    const { ask, aws, clock } = await start()
    await ask(`${get}MyTest`)
    aws.faults = { DescribeSecret: { status: 200, body: `{"ARN":"${arn}","Name":"MyTest"}` } }
    await clock.advance(ttlMs)
    expect((await ask(`${get}MyTest`)).status).toBe(200)
    aws.faults = { DescribeSecret: { status: 400, type: 'AccessDeniedException', message: 'no' } }
    await clock.advance(ttlMs)
    expect((await ask(`${get}MyTest`)).status).toBe(200)
    expect(aws.taken()).toEqual([
      'GetSecretValue',
      'DescribeSecret',
      'GetSecretValue',
      'DescribeSecret',
      'GetSecretValue',
    ])
  })

  it('with ttl_seconds = 0 checks at each request', async () => {
    const { ask, aws } = await start('ttl_seconds = 0')
    for (let request = 0; request < 4; request += 1) await ask(`${get}MyTest`)
    expect(aws.taken()).toEqual(['GetSecretValue', 'DescribeSecret', 'DescribeSecret', 'DescribeSecret'])
  })

  it('with cache_size = 0 keeps nothing', async () => {
    const { ask, aws } = await start('cache_size = 0')
    for (let request = 0; request < 3; request += 1) await ask(`${get}MyTest`)
    expect(aws.taken()).toEqual(['GetSecretValue', 'GetSecretValue', 'GetSecretValue'])
  })

  it('keeps one entry for a secret’s name, its ARN and its partial ARN, and tells versions apart', async () => {
    const { ask, aws } = await start('cache_size = 2')
    aws.rotate('MyTest', 'new')
    for (const id of ['MyTest', arn, arn.slice(0, -7), 'MyTest&versionStage=AWSCURRENT'])
      expect((await ask(`${get}${id}`)).body).toContain('"new"')
    aws.taken()
    for (const id of ['MyTest', arn, arn.slice(0, -7), 'MyTest&versionStage=AWSCURRENT']) await ask(`${get}${id}`)
    expect(aws.taken()).toEqual([])
    expect((await ask(`${get}MyTest&versionStage=AWSPREVIOUS`)).body).toContain('the value')
    expect((await ask(`${get}MyTest&versionId=${versionId(1)}`)).body).toContain('the value')
    expect((await ask(`${get}MyTest&versionId=${versionId(2)}&versionStage=AWSPREVIOUS`)).status).toBe(400)
  })

  it('throws out what was used least lately', async () => {
    const { ask, aws } = await start('cache_size = 3')
    for (const name of ['a', 'b', 'c', 'd']) aws.add(name)
    for (const name of ['a', 'b', 'c', 'a', 'd']) await ask(`${get}${name}`)
    aws.taken()
    for (const name of ['a', 'c', 'd']) await ask(`${get}${name}`)
    expect(aws.taken()).toEqual([])
    await ask(`${get}b`)
    expect(aws.taken()).toEqual(['GetSecretValue'])
  })

  it('refreshes a key in use ahead of its expiry, and nobody waits for it', async () => {
    const { ask, aws, clock, upstream } = await start()
    await ask(`${get}MyTest`)
    await clock.advance(ttlMs - 1_000)
    aws.taken()
    await ask(`${get}MyTest`)
    await expect.poll(() => upstream.lastHour).toBe(2)
    await clock.advance(10_000)
    await ask(`${get}MyTest`)
    expect(aws.taken()).toEqual(['DescribeSecret'])
  })
})

describe('a call to AWS', () => {
  it('is one for any number of waiters, cold, expired and asked for by refreshNow', async () => {
    const { ask, aws, clock } = await start()
    aws.delayMs = 250
    const herd = (target: string) => Promise.all(Array.from({ length: 30 }, () => ask(target)))
    await herd(`${get}MyTest`)
    expect(aws.taken()).toEqual(['GetSecretValue'])
    await clock.advance(ttlMs)
    await herd(`${get}MyTest`)
    expect(aws.taken()).toEqual(['DescribeSecret'])
    await clock.advance(ttlMs)
    aws.rotate('MyTest', 'new')
    const answers = await herd(`${get}MyTest`)
    expect(aws.taken()).toEqual(['DescribeSecret', 'GetSecretValue'])
    expect(answers.every(({ body }) => body.includes('"new"'))).toBe(true)
    await herd(`${get}MyTest&refreshNow=1`)
    expect(aws.taken().length).toBeLessThanOrEqual(2)
  })
})

describe('a hundred keys that expire together', () => {
  const names = Array.from({ length: 100 }, (_, index) => `key${index}`)
  const expired = async (batchFault?: { status: number; type: string; message: string }): Promise<AwsAgent> => {
    const started = await start()
    for (const name of names) started.aws.add(name)
    for (const name of names) await started.ask(`${get}${name}`)
    await started.clock.advance(ttlMs)
    if (batchFault) started.aws.faults = { BatchGetSecretValue: batchFault }
    started.aws.taken()
    return started
  }
  const askAll = async ({ ask }: AwsAgent): Promise<void> => {
    const answers = await Promise.all(names.map((name) => ask(`${get}${name}`)))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
  }
  const counted = (operations: readonly string[]) => ({
    batches: operations.filter((operation) => operation === 'BatchGetSecretValue').length,
    others: operations.filter((operation) => operation !== 'BatchGetSecretValue').length,
  })

  it('are a handful of calls', async () => {
    const agent = await expired()
    await askAll(agent)
    const { batches, others } = counted(agent.aws.taken())
    expect(batches).toBeGreaterThanOrEqual(5)
    expect(batches + others).toBeLessThanOrEqual(12)
  })

  it('are checked one by one where AWS does not allow batches, which is not asked again for a while', async () => {
    const agent = await expired({ status: 400, type: 'AccessDeniedException', message: 'no batches' })
    await askAll(agent)
    expect(counted(agent.aws.taken()).batches).toBeLessThanOrEqual(6)
    await agent.clock.advance(ttlMs / 2)
    for (const name of names) agent.agent.invalidate({ kind: 'changed', id: name })
    await askAll(agent)
    const operations = agent.aws.taken()
    expect(counted(operations)).toEqual({ batches: 0, others: 100 })
    expect(new Set(operations)).toEqual(new Set(['DescribeSecret']))
  })
})
