import { beforeEach, describe, expect, it } from 'vitest'
import { RotatingStore, randomPassword } from './rotating-store.ts'
import { tokenOf } from './test-store.ts'

const redisUser = 'arn:keyplane:rotation:::redis-user'
const incomplete = "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted."

let store: RotatingStore
beforeEach(() => {
  store = new RotatingStore()
  return () => store.remove()
})
const isRotated = (before?: number) => store.isRotated(before)

describe('RotateSecret with a rotator of the store', () => {
  beforeEach(async () => {
    await store.start()
    await store.ok('CreateSecret', { Name: 'one', SecretString: '{"username":"app","password":"first"}' })
  })

  it('answers at once, with the version that waits for its value', async () => {
    const { VersionId } = await store.rotate({ RotationLambdaARN: randomPassword })
    expect(VersionId).toBe(tokenOf('a'))
    await store.until(() => isRotated())
    expect(JSON.parse(await store.value())).toEqual({
      username: 'app',
      password: expect.not.stringMatching(/^first$/),
    })
    expect(JSON.parse(await store.value('one', { VersionStage: 'AWSPREVIOUS' }))['password']).toBe('first')
    expect((await store.facts()).VersionIdsToStages?.[tokenOf('a')]).toEqual(['AWSCURRENT'])
  })

  it('tells of it in DescribeSecret and ListSecrets', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 7 } })
    await store.until(() => isRotated())
    const facts = {
      RotationEnabled: true,
      RotationLambdaARN: randomPassword,
      RotationRules: { AutomaticallyAfterDays: 7 },
      LastRotatedDate: expect.any(Number),
      NextRotationDate: expect.any(Number),
    }
    expect(await store.facts()).toMatchObject(facts)
    expect((await store.ok('ListSecrets', {})).SecretList?.[0]).toMatchObject(facts)
  })

  it('rotates again when its time has come, and not after it was cancelled', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 1 } })
    await store.until(() => isRotated())
    const first = await store.facts()
    const value = await store.value()
    // Its steps are to have their time: a clock that jumps takes it from them.
    await store.clock.advance(86_400_000 - 60_000)
    await store.until(() => isRotated(first['LastRotatedDate'] as number))
    expect(await store.value()).not.toBe(value)
    const second = await store.value()
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    expect(await store.facts()).toMatchObject({ RotationEnabled: false, RotationLambdaARN: randomPassword })
    await store.clock.advance(3 * 86_400_000)
    for (let turn = 0; turn < 20; turn += 1) await store.clock.advance(5_000)
    expect(await store.value()).toBe(second)
  })

  it('counts days anew from a value that was written by hand, and keeps to an expression', async () => {
    const dayMs = 86_400_000
    const next = async () => (await store.facts())['NextRotationDate'] as number
    const write = () => store.ok('PutSecretValue', { SecretId: 'one', SecretString: '{"password":"by hand"}' })
    await store.rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 4 } })
    await store.until(() => isRotated())
    const [before, last] = [await next(), (await store.facts())['LastRotatedDate']]
    await store.clock.advance(dayMs)
    await write()
    expect((await next()) - before).toBeGreaterThanOrEqual(dayMs / 1_000)
    expect((await store.facts())['LastRotatedDate']).toBe(last)
    const schedule = { RotationRules: { ScheduleExpression: 'rate(4 days)' }, RotateImmediately: false }
    await store.rotate({ ...schedule, ClientRequestToken: tokenOf('b') })
    const planned = await next()
    await store.clock.advance(dayMs)
    await write()
    expect(await next()).toBe(planned)
  })

  it.each(['redis-user', 'postgres-two-users', 'mysql-two-users', 'mongodb-two-users'])(
    'refuses %s for a secret that names no administrator',
    async (rotator) => {
      const asked = { SecretId: 'one', ClientRequestToken: tokenOf('a') }
      const by = { RotationLambdaARN: `arn:keyplane:rotation:::${rotator}` }
      expect(await store.refused('RotateSecret', { ...asked, ...by })).toMatch(/names no "masterarn"/)
      expect((await store.facts())['RotationEnabled']).toBeUndefined()
    },
  )

  it('goes on with its schedule after it was resumed, and does what was missed meanwhile', async () => {
    const hourMs = 3_600_000
    const next = async () => (await store.facts())['NextRotationDate'] as number
    const resume = (token: string) => store.rotate({ RotateImmediately: false, ClientRequestToken: tokenOf(token) })
    const schedule = { RotationRules: { ScheduleExpression: 'rate(4 hours)' } }
    await store.rotate({ RotationLambdaARN: randomPassword, ...schedule, RotateImmediately: false })
    const planned = await next()
    await store.clock.advance(hourMs)
    await resume('b')
    expect(await next()).toBe(planned)
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.clock.advance(hourMs)
    await resume('c')
    expect(await next()).toBe(planned)
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.clock.advance(3 * hourMs)
    await resume('d')
    await store.until(() => isRotated())
  })

  it('takes a window alone for that of the schedule it has, and for none where there is none', async () => {
    const asked = { RotationLambdaARN: randomPassword, RotateImmediately: false }
    const window = { RotationRules: { Duration: '2h' } }
    const refused = { SecretId: 'one', ClientRequestToken: tokenOf('a'), ...asked, ...window }
    expect(await store.refused('RotateSecret', refused)).toMatch(/^InvalidParameterException: A Duration/)
    await store.rotate({ ...asked, RotationRules: { ScheduleExpression: 'rate(10 days)' } })
    const { NextRotationDate } = await store.facts()
    await store.rotate({ RotateImmediately: false, ClientRequestToken: tokenOf('b'), ...window })
    expect(await store.facts()).toMatchObject({
      NextRotationDate,
      RotationRules: { ScheduleExpression: 'rate(10 days)', Duration: '2h' },
    })
  })

  it('only sets the schedule where it is not to be done immediately', async () => {
    const schedule = { RotationRules: { ScheduleExpression: 'rate(10 days)' }, RotateImmediately: false }
    await store.rotate({ RotationLambdaARN: randomPassword, ...schedule })
    await store.clock.advance(60_000)
    expect(JSON.parse(await store.value())['password']).toBe('first')
    expect(await store.facts()).toMatchObject({
      RotationEnabled: true,
      RotationRules: { AutomaticallyAfterDays: 10, ScheduleExpression: 'rate(10 days)' },
    })
  })

  it('is the same call again with the same token, and refuses another one before it is complete', async () => {
    const input = { SecretId: 'one', RotationLambdaARN: randomPassword }
    await store.stop()
    await store.start()
    await store.rotate(input)
    await store.ok('RotateSecret', { ...input, ClientRequestToken: tokenOf('a') })
    await store.until(() => isRotated())
  })

  it('is the same answer again once it is complete, and writes nothing', async () => {
    const first = await store.rotate({ RotationLambdaARN: randomPassword })
    await store.until(() => isRotated())
    const value = await store.value()
    expect(await store.rotate({ RotationLambdaARN: randomPassword })).toEqual(first)
    expect(await store.value()).toBe(value)
  })

  it('is known by its own version, whatever the clock says', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword })
    await store.until(() => isRotated())
    const value = await store.value()
    await store.stop()
    await store.start({ clock: { ...store.clock, nowMs: () => store.clock.nowMs() - 3_600_000 } })
    const earlier = { offMs: -3_600_000 }
    await store.ok('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('b') }, earlier)
    await store.until(
      async () => (await store.ok('GetSecretValue', { SecretId: 'one' }, earlier)).VersionId === tokenOf('b'),
    )
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
    await store.rotate({ RotationLambdaARN: redisUser })
    const { ARN: other } = await store.ok('CreateSecret', { Name: 'other', SecretString: '{}' })
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: JSON.stringify({ ...login, masterarn: other }) })
    await store.clock.advance(60_000)
    const read = await store.data.rows(
      "select resource from audit_records where action like '%GetSecretValue' and actor = 'keyplane:rotation'",
    )
    expect(read.map(({ resource }) => resource)).not.toContain(other)
    await store.until(async () => (await store.steps()).some(({ Reason }) => Reason === 'value_shape'))
  })

  it('changes by an administrator no other user than it was set up for, until it is set up anew', async () => {
    const { ARN: masterarn } = await store.ok('CreateSecret', { Name: 'master', SecretString: '{}' })
    const name = (username: string) =>
      store.ok('PutSecretValue', {
        SecretId: 'one',
        SecretString: JSON.stringify({ host: '127.0.0.1', port: 1, username, password: 'x', masterarn }),
      })
    await name('app')
    const twoUsers = 'arn:keyplane:rotation:::postgres-two-users'
    const rules = { RotationRules: { AutomaticallyAfterDays: 1 }, RotateImmediately: false }
    await store.rotate({ RotationLambdaARN: twoUsers, ...rules })
    await name('postgres')
    await store.clock.advance(86_400_000)
    await store.until(async () => (await store.steps()).some(({ Reason }) => Reason === 'value_shape'))
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    const ended = 'select secret_id from secret_rotations where pending_version is null'
    await store.until(async () => (await store.data.rows(ended)).length > 0)
    const again = { SecretId: 'one', ClientRequestToken: tokenOf('b'), RotateImmediately: false }
    expect(await store.refused('RotateSecret', again)).toMatch(
      /^InvalidRequestException: .* another "masterarn" or user/,
    )
    await name('app_clone')
    await store.ok('RotateSecret', again)
    await name('postgres')
    await store.ok('RotateSecret', { ...again, RotationLambdaARN: twoUsers })
  })

  it('is tried at once where it fails and somebody asks for it, or takes it back', async () => {
    const SecretString = '{"host":"127.0.0.1","port":1,"username":"a","password":"b"}'
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString })
    await store.rotate({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
    const failures = async () => (await store.steps()).filter(({ Outcome }) => Outcome === 'failed').length
    await store.until(async () => (await failures()) === 5)
    expect(await store.refused('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('b') })).toBe(incomplete)
    await store.until(async () => (await failures()) === 6)
  })

  it('is tried on once a clock that was ahead is right', async () => {
    const SecretString = '{"host":"127.0.0.1","port":1,"username":"a","password":"b"}'
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString })
    await store.stop()
    const offMs = 365 * 86_400_000
    await store.start({ clock: { ...store.clock, nowMs: () => store.clock.nowMs() + offMs } })
    const asked = { SecretId: 'one', RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' }
    await store.ok('RotateSecret', { ...asked, ClientRequestToken: tokenOf('a') }, { offMs })
    await store.until(async () => (await store.steps()).some(({ Outcome }) => Outcome === 'failed'))
    await store.stop()
    const { length } = await store.steps()
    await store.start()
    await store.until(async () => (await store.steps()).length > length)
  })

  it('begins with a value only, and leaves none without one current', async () => {
    await store.ok('CreateSecret', { Name: 'empty' })
    for (const RotationLambdaARN of [randomPassword, 'arn:keyplane:rotation:::postgres-user']) {
      const asked = { SecretId: 'empty', ClientRequestToken: tokenOf('a'), RotationLambdaARN }
      expect(await store.refused('RotateSecret', asked)).toMatch(/^InvalidRequestException: The secret has no value/)
      await store.ok('RotateSecret', { ...asked, RotateImmediately: false })
    }
    expect(await store.facts('empty')).not.toHaveProperty('VersionIdsToStages')
  })

  it('is refused where a secret would have too many labels once it is done', async () => {
    const { VersionId: MoveToVersionId } = await store.ok('GetSecretValue', { SecretId: 'one' })
    for (let label = 0; label < 18; label += 1)
      await store.ok('UpdateSecretVersionStage', { SecretId: 'one', VersionStage: `own${label}`, MoveToVersionId })
    const asked = { SecretId: 'one', ClientRequestToken: tokenOf('a'), RotationLambdaARN: randomPassword }
    expect(await store.refused('RotateSecret', asked)).toMatch(/^LimitExceededException: /)
    await store.ok('UpdateSecretVersionStage', {
      SecretId: 'one',
      VersionStage: 'own0',
      RemoveFromVersionId: MoveToVersionId,
    })
    await store.rotate({ RotationLambdaARN: randomPassword })
    await store.until(() => isRotated())
  })

  it('keeps its rotator while it is under way', async () => {
    await store.ok('PutSecretValue', {
      SecretId: 'one',
      SecretString: '{"host":"127.0.0.1","port":1,"username":"a","password":"b"}',
    })
    await store.rotate({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
    const another = { SecretId: 'one', ClientRequestToken: tokenOf('b'), RotationLambdaARN: randomPassword }
    expect(await store.refused('RotateSecret', another)).toBe(incomplete)
    expect(await store.facts()).toMatchObject({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
  })

  it('puts off a schedule that can’t be kept, so that others come to their turn', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 1 } })
    await store.until(() => isRotated())
    await store.data.rows("update secret_rotations set expression = 'now and then' returning secret_id")
    await store.clock.advance(3 * 86_400_000)
    await store.until(async () => {
      await store.clock.advance(60_000)
      return store.problems.length > 0
    })
    expect(store.problems.length).toBeLessThan(80)
  })

  it('waits while its secret waits for its deletion, and is due when that is restored', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword, RotationRules: { AutomaticallyAfterDays: 1 } })
    await store.until(() => isRotated())
    const rotated = (await store.facts())['LastRotatedDate'] as number
    await store.ok('DeleteSecret', { SecretId: 'one' })
    await store.clock.advance(3 * 86_400_000)
    expect(store.problems).toEqual([])
    await store.ok('RestoreSecret', { SecretId: 'one' })
    await store.until(() => isRotated(rotated))
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
    await store.rotate({ RotationLambdaARN: randomPassword })
    await store.stop()
    await store.start()
    await store.until(() => isRotated())
    expect(JSON.parse(await store.value())['password']).not.toBe('first')
  })

  it('is in the audit log, step by step and without a value', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword })
    await store.until(() => isRotated())
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
    expect(JSON.stringify(rows)).not.toContain(JSON.parse(await store.value())['password'])
  })
})
