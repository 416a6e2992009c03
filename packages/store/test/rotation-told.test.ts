import type { Effect } from '@keyplane/rotation'
import type { RotationReport } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RotatingStore, randomPassword } from './rotating-store.ts'
import { functionArn, TestFunction } from './test-function.ts'
import { tokenOf } from './test-store.ts'

/** The steps of a store's rotations, and how each of them has ended below; a store has no canary to observe. */
const outcomes: Readonly<Record<Exclude<Effect, 'observe'>, 'done' | 'failed'>> = {
  check: 'done',
  create: 'done',
  set: 'done',
  test: 'failed',
  promote: 'done',
  verify: 'done',
  retire: 'done',
  revert: 'done',
  restore: 'done',
  discard: 'done',
}

let store: RotatingStore
let lambda: TestFunction
let metrics: string
let written: readonly { readonly action: string; readonly detail: Record<string, string> }[]
const reports: RotationReport[] = []

beforeAll(async () => {
  store = new RotatingStore()
  lambda = new TestFunction(store)
  await lambda.start()
  await store.start({ functions: lambda.endpoint, onRotation: (report) => reports.push(report) })
  const ended = (state: string) => async (): Promise<boolean> =>
    (await store.steps()).some((step) => step['State'] === state)
  await store.ok('CreateSecret', { Name: 'one', SecretString: '{"password":"one-first"}' })
  await store.rotate({ RotationLambdaARN: randomPassword })
  await store.until(ended('finished'))
  // Its new version is tested in vain for a day.
  lambda.fails = (step) => step === 'testSecret'
  await store.ok('CreateSecret', { Name: 'two', SecretString: 'two-first' })
  await store.rotate({ SecretId: 'two', RotationLambdaARN: functionArn, ClientRequestToken: tokenOf('b') })
  await store.until(async () => (await store.steps()).filter(({ Outcome }) => Outcome === 'failed').length >= 5)
  await store.clock.advance(90_000_000)
  await store.until(ended('rolled-back'))
  await store.ok('CreateSecret', { Name: 'three', SecretString: 'three-first' })
  const later = { RotateImmediately: false, ClientRequestToken: tokenOf('c') }
  await store.rotate({ SecretId: 'three', RotationLambdaARN: functionArn, ...later })
  await store.until(async () => reports.some(({ kind }) => kind === 'trial'))
  await store.until(async () => reports.some((report) => report.kind === 'alert' && report.alert === 'rolled_back'))
  // Steps are written first, and told then.
  await store.until(async () => (await store.steps()).length === reports.filter(({ kind }) => kind === 'step').length)
  metrics = await (await fetch(`${store.running?.url}/metrics`, { headers: { connection: 'close' } })).text()
  const rows = await store.data.rows('select action, detail from audit_records')
  written = rows.map(({ action, detail }) => ({ action: String(action), detail: JSON.parse(String(detail)) ?? {} }))
})
afterAll(async () => {
  lambda.close()
  await store.remove()
})

const counted = (name: string, labels: string): number =>
  Number(new RegExp(`^keyplane_store_rotation${name}\\{${labels}\\} (\\d+)$`, 'm').exec(metrics)?.[1])

describe('each step of a rotation', () => {
  it.each(Object.entries(outcomes))('is in the audit log, in the metrics and an event: %s', (step, outcome) => {
    const records = written.filter(
      ({ action, detail }) =>
        action === 'keyplane:RotationStep' && detail['Step'] === step && detail['Outcome'] === outcome,
    )
    const events = reports.filter(
      (report) => report.kind === 'step' && report.effect === step && report.outcome === outcome,
    )
    expect(records).not.toEqual([])
    expect(events).toHaveLength(records.length)
    expect(counted('_steps_total', `step="${step}",outcome="${outcome}"`)).toBe(records.length)
  })

  it('is told by its code and reason where it fails', () => {
    const failure = { code: 'unavailable', reason: 'function_failed' }
    const { detail } = written.find(({ detail }) => detail['Step'] === 'test' && detail['Outcome'] === 'failed') ?? {}
    expect(detail).toMatchObject({ Code: failure.code, Reason: failure.reason })
    expect(reports.find((report) => report.kind === 'step' && report.outcome === 'failed')).toMatchObject({ failure })
  })
})

describe('what else becomes of rotations', () => {
  it('is told of their end', () => {
    expect([counted('s_total', 'outcome="finished"'), counted('s_total', 'outcome="rolled-back"')]).toEqual([1, 1])
    const states = reports.flatMap((report) => (report.kind === 'step' ? [report.state] : []))
    expect(states.filter((state) => state === 'finished' || state === 'rolled-back')).toEqual([
      'finished',
      'rolled-back',
    ])
  })

  it('is told of a trial, as of a step', () => {
    const failure = { code: 'unavailable', reason: 'function_failed' }
    const trial = { Outcome: 'failed', Code: failure.code, Reason: failure.reason }
    expect(written.filter(({ action }) => action === 'keyplane:RotationTrial')).toMatchObject([{ detail: trial }])
    expect(counted('_trials_total', 'outcome="failed"')).toBe(1)
    expect(reports.filter(({ kind }) => kind === 'trial')).toMatchObject([
      { name: 'three', outcome: 'failed', failure },
    ])
  })

  it.each(['failing', 'rolled_back'])('is told of an alert in the metrics, the log and an event: %s', (alert) => {
    expect(counted('_alerts_total', `kind="${alert}"`)).toBe(1)
    expect(store.problems).toContainEqual(expect.objectContaining({ reason: `rotation_${alert}` }))
    expect(reports.filter((report) => report.kind === 'alert' && report.alert === alert)).toMatchObject([
      { name: 'two', alertId: expect.any(String) },
    ])
  })

  it('is 0 among the metrics for an alert that there was none of', () => {
    expect(counted('_alerts_total', 'kind="no_valid_credential"')).toBe(0)
  })

  it('shows no value, and nothing that a function said', async () => {
    const fresh = (JSON.parse(await store.value('one')) as { readonly password: string }).password
    const told = [JSON.stringify(written), metrics, JSON.stringify(reports), JSON.stringify(store.problems)].join('\n')
    for (const value of ['one-first', 'two-first', 'three-first', fresh]) expect(told).not.toContain(value)
    expect(told).not.toMatch(/\bsecond\b|\\?"secret\\?":/)
  })
})
