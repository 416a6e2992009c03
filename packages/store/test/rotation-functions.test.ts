import { notedRotations } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RotatingStore } from './rotating-store.ts'
import { functionArn, TestFunction } from './test-function.ts'
import { tokenOf } from './test-store.ts'

const incomplete = "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted."

let store: RotatingStore
beforeEach(() => {
  store = new RotatingStore()
  return () => store.remove()
})
const isRotated = (before?: number) => store.isRotated(before)
const isSettled = async () => ![...(await notedRotations(store.database)).values()].some(({ isUnderWay }) => isUnderWay)

describe('RotateSecret with a function', () => {
  let lambda: TestFunction
  beforeEach(async () => {
    lambda = new TestFunction(store)
    await lambda.start()
    await store.start({ functions: lambda.endpoint })
    await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
  })
  afterEach(() => lambda.close())

  it('calls it for AWS’s four steps, in their order', async () => {
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(() => isRotated())
    expect([...new Set(lambda.calls)]).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])
    expect(await store.value()).toBe('second')
    expect(await store.value('one', { VersionStage: 'AWSPREVIOUS' })).toBe('first')
  })

  it('refuses one that does not say within five seconds whether it can be invoked', async () => {
    lambda.isSilent = true
    const asked = { SecretId: 'one', ClientRequestToken: tokenOf('a'), RotationLambdaARN: functionArn }
    const refused = store.refused('RotateSecret', asked)
    await store.until(async () => lambda.asked === 1)
    await store.clock.advance(5_000)
    expect(await refused).toMatch(/^AccessDeniedException: Secrets Manager cannot invoke/)
  })

  it('calls it again after it failed, and tells nothing of what it said', async () => {
    let failures = 2
    lambda.fails = (name) => name === 'setSecret' && (failures -= 1) >= 0
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(() => isRotated())
    expect(lambda.calls.filter((name) => name === 'setSecret').length).toBe(3)
    expect(JSON.stringify(store.problems)).not.toContain('"secret"')
  })

  it('keeps the label of a version that was set and is taken back, and goes on with it when it is asked again', async () => {
    let isDown = true
    lambda.fails = (name) => name === 'testSecret' && isDown
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => lambda.calls.includes('testSecret'))
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.until(async () => (await store.steps()).at(-1)?.['State'] === 'rolled-back')
    expect((await store.facts()).VersionIdsToStages[tokenOf('a')]).toEqual(['AWSPENDING'])
    isDown = false
    const again = { SecretId: 'one', ClientRequestToken: tokenOf('b') }
    await store.until(async () => {
      await store.call('RotateSecret', again)
      const labels = (await store.facts()).VersionIdsToStages[tokenOf('a')] ?? []
      return labels.includes('AWSCURRENT') || labels.includes('AWSPREVIOUS')
    })
  })

  it('does not begin where it is not to be done immediately, and leaves the pending version its label', async () => {
    lambda.fails = (name) => name === 'testSecret'
    await store.rotate({ RotationLambdaARN: functionArn, RotationRules: { ScheduleExpression: 'rate(10 days)' } })
    await store.until(async () => lambda.calls.includes('testSecret'))
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.until(isSettled)
    const { length } = lambda.calls
    await store.rotate({ ClientRequestToken: tokenOf('b'), RotateImmediately: false })
    for (let turn = 0; turn < 20; turn += 1) await store.clock.advance(5_000)
    expect(lambda.calls).toHaveLength(length)
    expect(await store.facts()).toMatchObject({
      RotationEnabled: true,
      VersionIdsToStages: { [tokenOf('a')]: ['AWSPENDING'] },
    })
  })

  it('goes on with a pending version by another rotator, where one is named', async () => {
    lambda.fails = (name) => name === 'testSecret'
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => lambda.calls.includes('testSecret'))
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.until(isSettled)
    const asked = { SecretId: 'one', ClientRequestToken: tokenOf('b'), RotationLambdaARN: `${functionArn}-mended` }
    expect(await store.refused('RotateSecret', asked)).toBe(incomplete)
    expect(await store.facts()).toMatchObject({ RotationLambdaARN: `${functionArn}-mended` })
  })

  it('leaves current what it made current, where it is cancelled before that was tested', async () => {
    lambda.fails = (name) => name === 'testSecret' && lambda.calls.includes('finishSecret')
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => lambda.calls.at(-1) === 'testSecret' && lambda.calls.includes('finishSecret'))
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.until(async () => JSON.stringify(store.problems).includes('rotation_rolled_back'))
    expect(await store.value()).toBe('second')
    expect(JSON.stringify(store.problems)).toContain('which credential the target accepts is not known')
  })

  it('is given up within seconds where the store is stopped, and called again after its next start', async () => {
    lambda.hangs = (name) => name === 'setSecret'
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => lambda.calls.includes('setSecret'))
    const stopped = store.stop()
    await store.clock.advance(2_000)
    await stopped
    lambda.hangs = () => false
    await store.start({ functions: lambda.endpoint })
    await store.until(() => isRotated())
    expect(lambda.calls.filter((name) => name === 'setSecret')).toHaveLength(2)
    expect((await store.steps()).map(({ Outcome }) => Outcome)).not.toContain('failed')
  })

  it('ends with its secret, where that is removed in the middle', async () => {
    lambda.fails = (name) => name === 'setSecret'
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => lambda.calls.includes('setSecret'))
    await store.ok('DeleteSecret', { SecretId: 'one', ForceDeleteWithoutRecovery: true })
    await store.until(async () => (await store.data.rows('select * from rotations')).length === 0)
    const { length } = lambda.calls
    await store.clock.advance(600_000)
    expect(lambda.calls).toHaveLength(length)
  })

  it('rests while its secret waits for its deletion, and goes on when that is restored', async () => {
    lambda.fails = (name) => name === 'setSecret'
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => lambda.calls.includes('setSecret'))
    await store.ok('DeleteSecret', { SecretId: 'one' })
    // The step that was under way may end yet.
    let turns = 20
    await store.until(async () => (turns -= 1) < 0)
    const { length } = await store.steps()
    await store.clock.advance(3_600_000)
    expect(await store.steps()).toHaveLength(length)
    expect(store.problems).toEqual([])
    lambda.fails = () => false
    await store.ok('RestoreSecret', { SecretId: 'one' })
    await store.until(() => isRotated())
  })

  it('refuses another rotation while one is under way', async () => {
    lambda.fails = () => true
    await store.rotate({ RotationLambdaARN: functionArn })
    expect(await store.refused('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('b') })).toBe(incomplete)
    expect((await store.ok('CancelRotateSecret', { SecretId: 'one' }))['VersionId']).toBe(tokenOf('a'))
  })
})
