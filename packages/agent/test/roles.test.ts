import { describe, expect, it } from 'vitest'
import { addMyTest, type AwsAgent, startAwsAgent } from './start-aws-agent.ts'

const start = (toml?: string): Promise<AwsAgent> => startAwsAgent(toml, addMyTest)

const arn = (role: string): string => `arn:aws:iam::123456789012:role/${role}`
const by = (role: string, id = 'MyTest'): string => `/secretsmanager/get?secretId=${id}&roleArn=${arn(role)}`
const refusedRole = { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' }

describe('a role', () => {
  it('is assumed once, and the secret is read as the role', async () => {
    const { ask, aws } = await start()
    expect((await ask(by('reader'))).body).toContain('the value')
    expect((await ask(by('reader'))).body).toContain('the value')
    await ask(by('reader', 'other'))
    expect(aws.calls.map(({ operation, keyId }) => [operation, keyId])).toEqual([
      ['AssumeRole', 'AKIDEXAMPLE'],
      ['GetSecretValue', 'ASIA-reader'],
      ['GetSecretValue', 'ASIA-reader'],
    ])
    expect(aws.calls[0]?.input).toMatchObject({ RoleArn: arn('reader'), RoleSessionName: 'secrets-manager-agent' })
  })

  it('has a cache of its own: what it may not read, it does not get from another’s', async () => {
    const { ask, aws } = await start()
    await ask('/secretsmanager/get?secretId=MyTest')
    await ask(by('one'))
    aws.faults = { GetSecretValue: { status: 400, type: 'AccessDeniedException', message: 'not you' } }
    expect(await ask(by('two'))).toMatchObject({ status: 400, body: expect.stringContaining('not you') })
    expect((await ask(by('one'))).status).toBe(200)
    expect((await ask('/secretsmanager/get?secretId=MyTest')).status).toBe(200)
  })

  it('is assumed by one call for any number of waiters', async () => {
    const { ask, aws } = await start()
    aws.delayMs = 200
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(by('reader', `secret${index}`))))
    expect(aws.taken().filter((operation) => operation === 'AssumeRole')).toEqual(['AssumeRole'])
  })

  it('is checked as the role too, in the path form too', async () => {
    const { ask, aws, clock } = await start()
    const target = `/v1/MyTest?roleArn=${arn('reader')}`
    await ask(target)
    await clock.advance(300_000)
    aws.calls.length = 0
    await ask(target)
    expect(aws.calls.map(({ operation, keyId }) => [operation, keyId])).toEqual([['DescribeSecret', 'ASIA-reader']])
  })

  it.each(['x', 'arn:aws:iam::1234:role/x', 'arn:aws:iam::123456789012:user/x', ''])(
    'that is none (%j) is refused in the AWS agent’s words',
    async (role) => {
      const { ask, aws } = await start()
      expect(await ask(`/secretsmanager/get?secretId=MyTest&roleArn=${role}`)).toMatchObject({
        status: 400,
        body: 'invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>',
      })
      expect(aws.taken()).toEqual([])
    },
  )

  it('that STS refuses is 403 in the AWS agent’s words, and asked again a moment later', async () => {
    const { ask, aws, clock } = await start()
    aws.faults = { AssumeRole: refusedRole }
    expect(await ask(by('nobody'))).toMatchObject({
      status: 403,
      body: `{"__type":"AccessDeniedException","message":"Failed to create caching client from role: ${arn('nobody')}"}`,
    })
    aws.faults = {}
    await clock.advance(1_000)
    expect((await ask(by('nobody'))).status).toBe(200)
  })

  it.each<[string, object | 'reset', number]>([
    ['away', 'reset', 502],
    ['throttling', { status: 400, body: '<Error><Code>Throttling</Code></Error>' }, 400],
    ['failing', { status: 500, body: '' }, 502],
    ['talking nonsense', { status: 200, body: '<html>' }, 500],
  ])('is not refused because STS is %s', async (_what, fault, status) => {
    const { ask, aws } = await start()
    aws.faults = { AssumeRole: fault as never }
    expect((await ask(by('reader'))).status).toBe(status)
  })

  it('that was read keeps its value while STS is away', async () => {
    const { ask, aws, clock } = await start()
    aws.sessionsEndAtMs = () => clock.nowMs() + 200_000
    await ask(by('reader'))
    aws.faults = { AssumeRole: 'reset' }
    await clock.advance(300_000)
    expect((await ask(by('reader'))).body).toContain('the value')
  })

  it('is assumed anew ahead of its session’s end, and nobody waits', async () => {
    const { ask, aws, clock } = await start('ttl_seconds = 0')
    aws.sessionsEndAtMs = () => clock.nowMs() + 900_000
    await ask(by('reader'))
    await clock.advance(590_000)
    aws.taken()
    await ask(by('reader'))
    expect(aws.taken()).toEqual(['DescribeSecret'])
    await clock.advance(20_000)
    aws.faults = { AssumeRole: 'hang' }
    expect((await ask(by('reader'))).status).toBe(200)
    expect(aws.taken().toSorted()).toEqual(['AssumeRole', 'DescribeSecret'])
  })

  it('that was used least lately is given up where there are more than max_roles', async () => {
    const { ask, aws } = await start('max_roles = 2\nttl_seconds = 0')
    for (const role of ['one', 'two', 'one', 'three']) await ask(by(role))
    expect(aws.taken().filter((operation) => operation === 'AssumeRole')).toHaveLength(3)
    for (const role of ['one', 'three']) expect((await ask(by(role))).status).toBe(200)
    expect(aws.taken()).not.toContain('AssumeRole')
    expect((await ask(by('two'))).status).toBe(200)
    expect(aws.taken()).toContain('AssumeRole')
  })

  it('that can’t be assumed takes no other’s place', async () => {
    const { ask, aws } = await start('max_roles = 1\nttl_seconds = 0')
    await ask(by('good'))
    aws.faults = { AssumeRole: refusedRole }
    for (const role of ['bad', 'worse', 'worst']) expect((await ask(by(role))).status).toBe(403)
    expect((await ask(by('good'))).status).toBe(200)
  })

  it('that STS does not answer for takes nobody else’s reads down', async () => {
    const { ask, aws } = await start()
    aws.faults = { AssumeRole: 'hang' }
    expect((await ask(by('away'))).status).toBe(504)
    expect((await ask('/secretsmanager/get?secretId=MyTest')).status).toBe(200)
  })

  it('is counted among the calls', async () => {
    const { ask } = await start()
    await ask(by('reader'))
    expect((await ask('/metrics')).body).toContain('_count{operation="AssumeRole",outcome="ok"} 1\n')
  })
})
