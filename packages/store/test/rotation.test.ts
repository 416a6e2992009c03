import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Body, developer, region, TestStore, tokenOf } from './test-store.ts'

const randomPassword = 'arn:keyplane:rotation:::random-password'
const redisUser = 'arn:keyplane:rotation:::redis-user'
const incomplete = "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted."
const functionArn = `arn:aws:lambda:${region}:000000000000:function:rotate`

let store: TestStore
beforeEach(() => {
  store = new TestStore()
  return () => store.remove()
})

/** Lets the store go on until something holds; its clock moves a little each time. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 400; turn += 1) {
    if (await holds()) return
    await store.clock.advance(500)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`It did not come to that: ${JSON.stringify(store.problems)}`)
}
const describeOne = (SecretId = 'one') => store.ok('DescribeSecret', { SecretId })
const valueOf = async (SecretId = 'one', more: Body = {}) =>
  (await store.ok('GetSecretValue', { SecretId, ...more })).SecretString
const rotate = (more: Body = {}) =>
  store.ok('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('a'), ...more })
const isRotated = async (before = 0) => (((await describeOne())['LastRotatedDate'] as number | undefined) ?? 0) > before

describe('RotateSecret with a rotator of the store', () => {
  beforeEach(async () => {
    await store.start()
    await store.ok('CreateSecret', { Name: 'one', SecretString: '{"username":"app","password":"first"}' })
  })

  it('answers at once, with the version that waits for its value', async () => {
    const { VersionId } = await rotate({ RotationLambdaARN: randomPassword })
    expect(VersionId).toBe(tokenOf('a'))
    await until(isRotated)
    expect(JSON.parse(await valueOf())).toEqual({
      username: 'app',
      password: expect.not.stringMatching(/^first$/),
    })
    expect(JSON.parse(await valueOf('one', { VersionStage: 'AWSPREVIOUS' }))['password']).toBe('first')
    expect((await describeOne()).VersionIdsToStages?.[tokenOf('a')]).toEqual(['AWSCURRENT'])
  })

  it('tells of it in DescribeSecret and ListSecrets', async () => {
    await rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 7 } })
    await until(isRotated)
    const facts = {
      RotationEnabled: true,
      RotationLambdaARN: randomPassword,
      RotationRules: { AutomaticallyAfterDays: 7 },
      LastRotatedDate: expect.any(Number),
      NextRotationDate: expect.any(Number),
    }
    expect(await describeOne()).toMatchObject(facts)
    expect((await store.ok('ListSecrets', {})).SecretList?.[0]).toMatchObject(facts)
  })

  it('rotates again when its time has come, and not after it was cancelled', async () => {
    await rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 1 } })
    await until(isRotated)
    const first = await describeOne()
    const value = await valueOf()
    await store.clock.advance(2 * 86_400_000)
    await until(() => isRotated(first['LastRotatedDate'] as number))
    expect(await valueOf()).not.toBe(value)
    const second = await valueOf()
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    expect(await describeOne()).toMatchObject({ RotationEnabled: false, RotationLambdaARN: randomPassword })
    await store.clock.advance(3 * 86_400_000)
    for (let turn = 0; turn < 20; turn += 1) await store.clock.advance(5_000)
    expect(await valueOf()).toBe(second)
  })

  it('only sets the schedule where it is not to be done immediately', async () => {
    const schedule = { RotationRules: { ScheduleExpression: 'rate(10 days)' }, RotateImmediately: false }
    await rotate({ RotationLambdaARN: randomPassword, ...schedule })
    await store.clock.advance(60_000)
    expect(JSON.parse(await valueOf())['password']).toBe('first')
    expect(await describeOne()).toMatchObject({
      RotationEnabled: true,
      RotationRules: { AutomaticallyAfterDays: 10, ScheduleExpression: 'rate(10 days)' },
    })
  })

  it('is the same call again with the same token, and refuses another one before it is complete', async () => {
    const input = { SecretId: 'one', RotationLambdaARN: randomPassword }
    await store.stop()
    await store.start()
    await rotate(input)
    await store.ok('RotateSecret', { ...input, ClientRequestToken: tokenOf('a') })
    await until(isRotated)
  })

  it('is the same answer again once it is complete, and writes nothing', async () => {
    const first = await rotate({ RotationLambdaARN: randomPassword })
    await until(isRotated)
    const value = await valueOf()
    expect(await rotate({ RotationLambdaARN: randomPassword })).toEqual(first)
    expect(await valueOf()).toBe(value)
  })

  it('is known by its own version, whatever the clock says', async () => {
    await rotate({ RotationLambdaARN: randomPassword })
    await until(isRotated)
    const value = await valueOf()
    await store.stop()
    await store.start({ clock: { ...store.clock, nowMs: () => store.clock.nowMs() - 3_600_000 } })
    const earlier = { offMs: -3_600_000 }
    await store.ok('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('b') }, earlier)
    await until(async () => (await store.ok('GetSecretValue', { SecretId: 'one' }, earlier)).VersionId === tokenOf('b'))
    expect((await store.ok('GetSecretValue', { SecretId: 'one' }, earlier)).SecretString).not.toBe(value)
  })

  it('uses no administrator’s secret that the caller may not read, nor one that was named since', async () => {
    const { ARN: masterarn } = await store.ok('CreateSecret', { Name: 'master', SecretString: '{}' })
    const login = { host: '127.0.0.1', port: 1, username: 'victim', password: 'x' }
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: JSON.stringify({ ...login, masterarn }) })
    await store.ok('PutResourcePolicy', {
      SecretId: 'master',
      ResourcePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' },
      }),
    })
    const asked = { SecretId: 'one', ClientRequestToken: tokenOf('a'), RotationLambdaARN: redisUser }
    expect(await store.refused('RotateSecret', asked)).toMatch(
      /^AccessDeniedException: .*secretsmanager:GetSecretValue/,
    )
    await store.ok('DeleteResourcePolicy', { SecretId: 'master' })
    await rotate({ RotationLambdaARN: redisUser })
    const { ARN: other } = await store.ok('CreateSecret', { Name: 'other', SecretString: '{}' })
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: JSON.stringify({ ...login, masterarn: other }) })
    await store.clock.advance(60_000)
    const read = await store.data.rows(
      "select resource from audit_records where action like '%GetSecretValue' and actor = 'keyplane:rotation'",
    )
    expect(read.map(({ resource }) => resource)).not.toContain(other)
  })

  it('keeps its rotator while it is under way', async () => {
    await store.ok('PutSecretValue', {
      SecretId: 'one',
      SecretString: '{"host":"127.0.0.1","port":1,"username":"a","password":"b"}',
    })
    await rotate({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
    const another = { SecretId: 'one', ClientRequestToken: tokenOf('b'), RotationLambdaARN: randomPassword }
    expect(await store.refused('RotateSecret', another)).toBe(incomplete)
    expect(await describeOne()).toMatchObject({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
  })

  it('puts off a schedule that can’t be kept, so that others come to their turn', async () => {
    await rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 1 } })
    await until(isRotated)
    await store.ok('DeleteSecret', { SecretId: 'one' })
    await store.clock.advance(3 * 86_400_000)
    await store.clock.advance(5 * 60_000)
    expect(store.problems.length).toBeLessThan(80)
  })

  it('knows no other rotators', async () => {
    const refused = await store.refused('RotateSecret', {
      SecretId: 'one',
      ClientRequestToken: tokenOf('a'),
      RotationLambdaARN: 'arn:keyplane:rotation:::no-such',
    })
    expect(refused).toMatch(/^AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function\./)
  })

  it('goes on after the store was started anew', async () => {
    await rotate({ RotationLambdaARN: randomPassword })
    await store.stop()
    await store.start()
    await until(isRotated)
    expect(JSON.parse(await valueOf())['password']).not.toBe('first')
  })

  it('is in the audit log, step by step and without a value', async () => {
    await rotate({ RotationLambdaARN: randomPassword })
    await until(isRotated)
    const rows = await store.data.rows('select actor, action, detail from audit_records order by seq')
    const steps = rows
      .filter(({ action }) => action === 'keyplane:RotationStep')
      .map(({ detail }) => JSON.parse(String(detail)))
    expect(steps.map(({ State }) => State)).toEqual([
      'planned',
      'checked',
      'created',
      'set',
      'tested',
      'promoted',
      'verified',
      'finished',
    ])
    expect(new Set(rows.slice(2).map(({ actor }) => actor))).toContain('keyplane:rotation')
    expect(JSON.stringify(rows)).not.toContain(JSON.parse(await valueOf())['password'])
  })
})

describe('RotateSecret with a function', () => {
  let lambda: Server
  let calls: string[]
  let fails: (step: string) => boolean
  beforeEach(async () => {
    calls = []
    fails = () => false
    lambda = createServer((request, response) => {
      void (async () => {
        if (request.headers['x-amz-invocation-type'] === 'DryRun') return response.writeHead(204).end()
        const event = JSON.parse(await text(request)) as Record<'Step' | 'SecretId' | 'ClientRequestToken', string>
        calls.push(event.Step)
        if (fails(event.Step))
          return response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end('{"secret":"x"}')
        await step(event)
        return response.writeHead(200).end('null')
      })()
    })
    await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`
    await store.start({ functions: { url, region, credentials: developer } })
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
  })
  afterEach(() => {
    lambda.close()
  })

  /** As AWS's functions do it. */
  const step = async ({
    Step,
    SecretId,
    ClientRequestToken: token,
  }: Record<'Step' | 'SecretId' | 'ClientRequestToken', string>) => {
    const { VersionIdsToStages } = await describeOne(SecretId)
    if (VersionIdsToStages[token]?.includes('AWSCURRENT')) return
    if (!VersionIdsToStages[token]?.includes('AWSPENDING')) throw new Error('It is not pending.')
    if (Step === 'createSecret')
      await store.ok('PutSecretValue', {
        SecretId,
        ClientRequestToken: token,
        SecretString: 'second',
        VersionStages: ['AWSPENDING'],
      })
    const [current] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT')) ?? []
    if (Step === 'finishSecret')
      await store.ok('UpdateSecretVersionStage', {
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        RemoveFromVersionId: current,
      })
  }

  it('calls it for AWS’s four steps, in their order', async () => {
    await rotate({ RotationLambdaARN: functionArn })
    await until(isRotated)
    expect([...new Set(calls)]).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])
    expect(await valueOf()).toBe('second')
    expect(await valueOf('one', { VersionStage: 'AWSPREVIOUS' })).toBe('first')
  })

  it('calls it again after it failed, and tells nothing of what it said', async () => {
    let failures = 2
    fails = (name) => name === 'setSecret' && (failures -= 1) >= 0
    await rotate({ RotationLambdaARN: functionArn })
    await until(isRotated)
    expect(calls.filter((name) => name === 'setSecret').length).toBe(3)
    expect(JSON.stringify(store.problems)).not.toContain('"secret"')
  })

  it('keeps the label of a version that was set and is given up, and goes on with it when it is asked again', async () => {
    let isDown = true
    fails = (name) => name === 'testSecret' && isDown
    await rotate({ RotationLambdaARN: functionArn })
    await until(async () => calls.includes('testSecret'))
    for (let hour = 0; hour < 30; hour += 1) await store.clock.advance(3_600_000)
    expect((await describeOne()).VersionIdsToStages[tokenOf('a')]).toEqual(['AWSPENDING'])
    isDown = false
    const again = { SecretId: 'one', ClientRequestToken: tokenOf('b') }
    await until(async () => {
      await store.call('RotateSecret', again)
      const labels = (await describeOne()).VersionIdsToStages[tokenOf('a')] ?? []
      return labels.includes('AWSCURRENT') || labels.includes('AWSPREVIOUS')
    })
  })

  it('refuses another rotation while one is under way', async () => {
    fails = () => true
    await rotate({ RotationLambdaARN: functionArn })
    expect(await store.refused('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('b') })).toBe(incomplete)
    expect((await store.ok('CancelRotateSecret', { SecretId: 'one' }))['VersionId']).toBe(tokenOf('a'))
  })
})
