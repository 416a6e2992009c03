import type { RotationStepReport } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RotatingStore } from './rotating-store.ts'
import { functionArn, TestFunction } from './test-function.ts'
import { tokenOf } from './test-store.ts'

let store: RotatingStore
let lambda: TestFunction
const reports: RotationStepReport[] = []

beforeEach(async () => {
  store = new RotatingStore()
  lambda = new TestFunction(store)
  reports.splice(0)
  await lambda.start()
  await store.start({
    functions: lambda.endpoint,
    onRotation: (report) => report.kind === 'step' && reports.push(report),
  })
  await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
  let failures = 1
  lambda.fails = (step) => step === 'setSecret' && (failures -= 1) >= 0
  await store.rotate({ RotationLambdaARN: functionArn, RotationRules: { AutomaticallyAfterDays: 2 } })
  await store.until(() => store.isRotated())
})
afterEach(async () => {
  lambda.close()
  await store.remove()
})

const failed = { decision: 'error', State: 'created', Step: 'set', Outcome: 'failed' }

describe('a step of a rotation that failed', () => {
  it('is in the audit log with its code and reason, and with nothing that the function said', async () => {
    const steps = await store.steps()
    expect(new Set(steps.map(({ VersionId }) => VersionId))).toEqual(new Set([tokenOf('a')]))
    expect(steps.slice(2, 5)).toMatchObject([
      { decision: 'allow', State: 'created', Step: 'create', Outcome: 'done' },
      { ...failed, Code: 'unavailable', Reason: 'function_failed' },
      { decision: 'allow', State: 'set', Step: 'set', Outcome: 'done' },
    ])
    expect(JSON.stringify(await store.data.rows('select * from audit_records'))).not.toContain('secret\\":')
  })

  it('is told to whoever watches', () => {
    const { ARN: arn, ...told } = { ARN: reports[0]?.arn, name: 'one', state: 'created', effect: 'set' }
    expect(reports.map(({ state }) => state)).toEqual([
      'planned',
      'checked',
      'created',
      'created',
      'set',
      'tested',
      'promoted',
      'verified',
      'finished',
    ])
    const failure = { code: 'unavailable', reason: 'function_failed' }
    expect(reports[3]).toMatchObject({ arn, ...told, outcome: 'failed', failure })
  })
})

describe('the metrics of rotations', () => {
  it('count steps and rotations by how they ended', async () => {
    const steps = (step: string, outcome: string) =>
      store.metric(`keyplane_store_rotation_steps_total{step="${step}",outcome="${outcome}"}`)
    expect(await Promise.all([steps('set', 'failed'), steps('set', 'done'), steps('retire', 'done')])).toEqual([
      1, 1, 1,
    ])
    expect(await store.metric('keyplane_store_rotations_total{outcome="finished"}')).toBe(1)
  })

  it('tell how long ago one succeeded, and how long one is overdue', async () => {
    expect(await store.metric('keyplane_store_rotation_overdue_seconds')).toBe(0)
    lambda.fails = () => true
    await store.clock.advance(2.5 * 86_400_000)
    const [sinceRotated, overdue] = await Promise.all([
      store.metric('keyplane_store_since_rotation_seconds'),
      store.metric('keyplane_store_rotation_overdue_seconds'),
    ])
    expect(sinceRotated).toBeGreaterThanOrEqual(2.5 * 86_400)
    expect(overdue).toBeGreaterThan(3_600)
    expect(overdue).toBeLessThan(sinceRotated)
  })
})
