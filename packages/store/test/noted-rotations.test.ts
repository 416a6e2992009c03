import { notedRotations } from '@keyplane/store'
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
  await store.ok('CreateSecret', { Name: 'one', SecretString: '{"password":"first"}' })
})
afterEach(async () => {
  lambda.close()
  await store.remove()
})

const noted = async () => [...(await notedRotations(store.database)).values()][0]
const pending = async () =>
  Object.entries((await store.facts()).VersionIdsToStages).find(([, labels]) => labels.includes('AWSPENDING'))?.[0]

describe('what is noted of a rotation', () => {
  it('tells of one that is under way after its version became current, where no label does', async () => {
    lambda.fails = (step) => step === 'testSecret' && lambda.calls.includes('finishSecret')
    await store.rotate({ RotationLambdaARN: functionArn })
    await store.until(async () => (await noted())?.record?.state === 'promoted')
    expect(await noted()).toMatchObject({ isUnderWay: true, record: { versionId: tokenOf('a') } })
    lambda.fails = () => false
    await store.until(() => store.isRotated())
    expect(await noted()).toMatchObject({ isUnderWay: false, record: { state: 'finished' } })
  })

  it('takes no version for a rotation’s that somebody put under AWSPENDING by hand', async () => {
    await store.rotate({ RotationLambdaARN: randomPassword })
    await store.until(() => store.isRotated())
    await store.ok('PutSecretValue', {
      SecretId: 'one',
      ClientRequestToken: tokenOf('h'),
      SecretString: 'by hand',
      VersionStages: ['AWSPENDING'],
    })
    expect(await noted()).toMatchObject({ isUnderWay: false, record: { versionId: tokenOf('a') } })
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.clock.advance(60_000)
    expect(await pending()).toBe(tokenOf('h'))
  })
})

describe('a rotation whose record is damaged', () => {
  it('ends when it is cancelled, and another one may begin', async () => {
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: '{"host":"127.0.0.1","port":1,"username":"a"}' })
    await store.rotate({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
    await store.until(async () => (await store.steps()).some(({ Outcome }) => Outcome === 'failed'))
    const told = (): number =>
      store.problems.filter((problem) => JSON.stringify(problem).includes('The rotation of \\"one\\"')).length
    // A step that is under way writes what it knows once more.
    await store.until(async () => {
      await store.data.rows("update rotations set record = '{}' returning secret_id")
      return told() > 1
    })
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.until(async () => !((await noted())?.isUnderWay ?? true))
    expect(store.problems.at(-1)).toMatchObject({ reason: 'abandoned' })
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: 'second' })
    await store.rotate({ RotationLambdaARN: randomPassword, ClientRequestToken: tokenOf('b') })
    await store.until(() => store.isRotated())
  })
})

describe('a rotation that is taken back before anything was done', () => {
  it('leaves no version behind that waits for a value', async () => {
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: '{"host":"127.0.0.1","port":1,"username":"a"}' })
    await store.rotate({ RotationLambdaARN: 'arn:keyplane:rotation:::postgres-user' })
    await store.until(async () => (await store.steps()).some(({ Outcome }) => Outcome === 'failed'))
    await store.ok('CancelRotateSecret', { SecretId: 'one' })
    await store.until(async () => !((await noted())?.isUnderWay ?? true))
    expect(await pending()).toBeUndefined()
  })
})
