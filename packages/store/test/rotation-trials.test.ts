import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RotatingStore, randomPassword } from './rotating-store.ts'
import { functionArn, TestFunction } from './test-function.ts'
import { tokenOf } from './test-store.ts'

let store: RotatingStore
let lambda: TestFunction
beforeEach(async () => {
  store = new RotatingStore()
  lambda = new TestFunction(store)
  await lambda.start()
  await store.start({ functions: lambda.endpoint })
  await store.ok('CreateSecret', { Name: 'one', SecretString: '{"host":"127.0.0.1","port":1,"password":"first"}' })
})
afterEach(async () => {
  lambda.close()
  await store.remove()
})

const trials = () => store.records('keyplane:RotationTrial')
/** Sets a schedule without a rotation, and waits for its trial. */
const tried = async (RotationLambdaARN: string) => {
  const { length } = await trials()
  const rules = { RotationRules: { AutomaticallyAfterDays: 9 }, RotateImmediately: false }
  await store.rotate({ RotationLambdaARN, ...rules, ClientRequestToken: tokenOf(`trial${length}`) })
  await store.until(async () => (await trials()).length > length)
  return (await trials()).at(-1)
}
const versions = async () =>
  (await store.ok('ListSecretVersionIds', { SecretId: 'one', IncludeDeprecated: true })).Versions

describe('RotateSecret that is not to rotate immediately', () => {
  it('calls a function’s testSecret with the current value, in a version that is there no more after it', async () => {
    let seen: string | undefined
    lambda.looks = async ({ SecretId, ClientRequestToken: VersionId }) => {
      seen = await store.value(SecretId, { VersionId, VersionStage: 'AWSPENDING' })
    }
    expect(await tried(functionArn)).toEqual({ decision: 'allow', Outcome: 'done' })
    expect([lambda.calls, seen]).toEqual([['testSecret'], await store.value()])
    expect(await versions()).toMatchObject([{ VersionStages: ['AWSCURRENT'] }])
  })

  it('tells what a trial failed with, and keeps the schedule', async () => {
    lambda.fails = () => true
    const failed = { decision: 'error', Outcome: 'failed', Code: 'unavailable', Reason: 'function_failed' }
    expect(await tried(functionArn)).toEqual(failed)
    // The record of a trial is written first.
    await store.until(async () => store.problems.length > 0)
    expect(store.problems).toMatchObject([{ reason: 'function_failed' }])
    expect(await versions()).toHaveLength(1)
    expect((await store.facts())['RotationEnabled']).toBe(true)
  })

  it('has the store’s own rotators use the current value', async () => {
    expect(await tried(randomPassword)).toEqual({ decision: 'allow', Outcome: 'done' })
    const { decision, Outcome } = (await tried('arn:keyplane:rotation:::postgres-user')) ?? {}
    expect([decision, Outcome]).toEqual(['error', 'failed'])
    expect(await versions()).toHaveLength(1)
  })

  it('is in the way of no rotation that is asked for right after it', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `asked${n}`)
    for (const SecretId of names) {
      await store.ok('CreateSecret', { Name: SecretId, SecretString: 'first' })
      const asked = { SecretId, RotationLambdaARN: functionArn }
      await store.rotate({ ...asked, RotateImmediately: false, ClientRequestToken: tokenOf('trial') })
      await store.rotate({ ...asked, ClientRequestToken: tokenOf('asked') })
    }
    for (const name of names) await store.until(async () => (await store.value(name)) === 'second')
  })

  it('leaves nothing where the store is stopped in the middle', async () => {
    lambda.hangs = () => true
    await store.rotate({ RotationLambdaARN: functionArn, RotateImmediately: false })
    await store.until(async () => lambda.calls.length > 0)
    await store.stop()
    await store.start({ functions: lambda.endpoint })
    expect(await versions()).toHaveLength(1)
  })
})
