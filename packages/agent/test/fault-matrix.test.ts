import { describe, expect, it } from 'vitest'
import type { AwsDouble, Fault } from './aws-double.ts'
import { samplesOf } from './samples.ts'
import { addMyTest, type AwsAgent, startAwsAgent } from './start-aws-agent.ts'

const ttlMs = 300_000
const target = '/secretsmanager/get?secretId=MyTest'
const refusal = (type: string, status = 400): Fault => ({ status, type, message: `${type} said` })

/** What happens to AWS. */
const faults: Readonly<Record<string, (aws: AwsDouble) => void>> = {
  refused: (aws) => void aws.close(),
  reset: (aws) => void (aws.faults['*'] = 'reset'),
  slow: (aws) => void (aws.delayMs = 50),
  hung: (aws) => void (aws.faults['*'] = 'hang'),
  denied: (aws) => void (aws.faults['*'] = refusal('AccessDeniedException')),
  'not found': (aws) => aws.secrets.clear(),
  throttled: (aws) => void (aws.faults['*'] = refusal('ThrottlingException')),
  '500': (aws) => void (aws.faults['*'] = refusal('InternalServiceError', 500)),
  '503 without a body': (aws) => void (aws.faults['*'] = { status: 503, body: '' }),
  garbage: (aws) => void (aws.faults['*'] = { status: 200, body: '<html>' }),
  'of another time': (aws) =>
    void (aws.faults['*'] = {
      status: 400,
      type: 'InvalidSignatureException',
      message: 'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)',
    }),
  'refusing the signature': (aws) => void (aws.faults['*'] = refusal('InvalidSignatureException')),
  'expired credentials': (aws) => void (aws.faults['*'] = refusal('ExpiredTokenException')),
  'unknown credentials': (aws) => void (aws.faults['*'] = refusal('UnrecognizedClientException')),
  'marked for deletion': (aws) => {
    const secret = aws.secrets.get('MyTest')
    if (secret) secret.deletedDate = 1_700_000_000
  },
  'version gone': (aws) => void aws.secrets.get('MyTest')?.versions.splice(0),
}

type Outcome = 'fetched' | 'stale' | 'failed'
interface Expected {
  readonly status: number
  readonly outcome: Outcome
  /** The code by which the log tells the failure. */
  readonly code?: string
}

const ok: Expected = { status: 200, outcome: 'fetched' }
const stale: Expected = { status: 200, outcome: 'stale' }
const failed = (status: number, code: string): Expected => ({ status, outcome: 'failed', code })

/** Of each fault: cold; expired and passing failures ignored; expired and not ignored. */
const matrix: readonly (readonly [string, Expected, Expected, Expected])[] = [
  ['refused', failed(502, 'unavailable'), stale, failed(502, 'unavailable')],
  ['reset', failed(502, 'unavailable'), stale, failed(502, 'unavailable')],
  ['slow', ok, ok, ok],
  ['hung', failed(504, 'timeout'), stale, failed(504, 'timeout')],
  ['denied', failed(400, 'access_denied'), failed(400, 'access_denied'), failed(400, 'access_denied')],
  ['not found', failed(400, 'secret_not_found'), failed(400, 'secret_not_found'), failed(400, 'secret_not_found')],
  ['throttled', failed(400, 'rate_limited'), stale, failed(400, 'rate_limited')],
  ['500', failed(500, 'unavailable'), stale, failed(500, 'unavailable')],
  ['503 without a body', failed(500, 'unavailable'), stale, failed(500, 'unavailable')],
  ['garbage', failed(500, 'bad_response'), stale, failed(500, 'bad_response')],
  ['of another time', failed(400, 'unauthenticated'), stale, failed(400, 'unauthenticated')],
  [
    'refusing the signature',
    failed(400, 'unauthenticated'),
    failed(400, 'unauthenticated'),
    failed(400, 'unauthenticated'),
  ],
  ['expired credentials', failed(400, 'unauthenticated'), stale, failed(400, 'unauthenticated')],
  [
    'unknown credentials',
    failed(400, 'unauthenticated'),
    failed(400, 'unauthenticated'),
    failed(400, 'unauthenticated'),
  ],
  ['marked for deletion', failed(400, 'secret_deleted'), failed(400, 'secret_deleted'), failed(400, 'secret_deleted')],
  [
    'version gone',
    failed(400, 'version_not_found'),
    failed(400, 'version_not_found'),
    failed(400, 'version_not_found'),
  ],
]

const start = (ignore: boolean): Promise<AwsAgent> => startAwsAgent(`ignore_transient_errors = ${ignore}`, addMyTest)

/** Asks once, and compares the answer, what the log tells of it, and what is counted. */
const expectRead = async ({ ask, log }: AwsAgent, { status, outcome, code }: Expected): Promise<void> => {
  const before = samplesOf((await ask('/metrics')).body)
  log.lines.length = 0
  const answer = await ask(target)
  expect([answer.status, answer.body.includes('the value')], answer.body).toEqual([status, status === 200])
  const line = log.lines.find((text) => text.endsWith('Read.'))
  expect(line).toContain(`"secretId":"MyTest","outcome":"${outcome}","status":${status}`)
  if (code !== undefined) expect(log.lines.join('\n')).toContain(`"code":"${code}"`)
  const name = `keyplane_agent_reads_total{outcome="${outcome}"}`
  expect(samplesOf((await ask('/metrics')).body)[name]).toBe((before[name] ?? 0) + 1)
}

describe.each(matrix)('while AWS is %s', (fault, cold, ignored, notIgnored) => {
  const happen = (aws: AwsDouble): void => faults[fault]?.(aws)

  it('a secret that was never read has its own answer', async () => {
    const agent = await start(true)
    happen(agent.aws)
    await expectRead(agent, cold)
  })

  it.each([true, false])('a fresh one is given (ignore_transient_errors = %s)', async (ignore) => {
    const agent = await start(ignore)
    await agent.ask(target)
    happen(agent.aws)
    expect((await agent.ask(target)).body).toContain('the value')
    expect(samplesOf((await agent.ask('/metrics')).body)['keyplane_agent_reads_total{outcome="hit"}']).toBe(1)
  })

  it('an expired one has its own answer, passing failures ignored, again and again', async () => {
    const agent = await start(true)
    await agent.ask(target)
    happen(agent.aws)
    await agent.clock.advance(ttlMs)
    await expectRead(agent, ignored)
    if (ignored !== ok) await expectRead(agent, ignored)
  })

  it('an expired one has its own answer, passing failures told', async () => {
    const agent = await start(false)
    await agent.ask(target)
    happen(agent.aws)
    await agent.clock.advance(ttlMs)
    await expectRead(agent, notIgnored)
  })
})

describe('a value that covers failures', () => {
  it('does so for max_stale_seconds after it expired, and no longer', async () => {
    const agent = await startAwsAgent('[keyplane]\nmax_stale_seconds = 600', addMyTest)
    await agent.ask(target)
    agent.aws.faults['*'] = refusal('InternalServiceError', 500)
    await agent.clock.advance(ttlMs + 590_000)
    expect((await agent.ask(target)).status).toBe(200)
    await agent.clock.advance(10_000)
    expect((await agent.ask(target)).status).toBe(500)
  })

  it('is the new one again as soon as AWS answers', async () => {
    const agent = await start(true)
    await agent.ask(target)
    agent.aws.faults['*'] = refusal('ThrottlingException')
    await agent.clock.advance(ttlMs)
    expect((await agent.ask(target)).body).toContain('the value')
    agent.aws.faults = {}
    agent.aws.rotate('MyTest', 'the new one')
    await agent.clock.advance(10_000)
    expect((await agent.ask(target)).body).toContain('the new one')
  })

  it('is not given to refreshNow, whose failure leaves what is kept', async () => {
    const agent = await start(true)
    await agent.ask(target)
    agent.aws.faults['*'] = refusal('ThrottlingException')
    expect((await agent.ask(`${target}&refreshNow=true`)).status).toBe(400)
    expect((await agent.ask(target)).body).toContain('the value')
  })

  it('is told apart: a secret that was deleted while AWS is away stops as soon as AWS says so', async () => {
    const agent = await start(true)
    await agent.ask(target)
    agent.aws.faults['*'] = 'reset'
    await agent.clock.advance(ttlMs)
    expect((await agent.ask(target)).status).toBe(200)
    agent.aws.faults = {}
    faults['marked for deletion']?.(agent.aws)
    await agent.clock.advance(10_000)
    expect((await agent.ask(target)).status).toBe(400)
    agent.aws.faults['*'] = 'reset'
    await agent.clock.advance(60_000)
    expect((await agent.ask(target)).body).not.toContain('the value')
  })

  it('outlives the permission to read it by four TTLs at most, where DescribeSecret is still allowed', async () => {
    const agent = await start(true)
    await agent.ask(target)
    agent.aws.faults = {
      GetSecretValue: refusal('AccessDeniedException'),
      BatchGetSecretValue: refusal('AccessDeniedException'),
    }
    const statuses = []
    for (let check = 1; check <= 4; check += 1) {
      await agent.clock.advance(ttlMs)
      statuses.push((await agent.ask(target)).status)
    }
    expect(statuses).toEqual([200, 200, 200, 400])
  })
})
