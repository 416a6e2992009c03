import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnvironment, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import conformance from '../conformance.json' with { type: 'json' }
import { requiredTool } from '../required-tool.ts'
import { EmptiedStore } from './emptied-store.ts'
import motoOnly from './moto-only.json' with { type: 'json' }

interface Outcome {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly why?: string
}

const own = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const results = own('../../../.results/moto.outcomes')
const store = new EmptiedStore()
let outcomes: Readonly<Record<string, Outcome>>

beforeAll(async () => {
  mkdirSync(own('../../../.results'), { recursive: true })
  await store.start()
  // That file talks to moto in its own process, not over HTTP.
  const options = [
    '--ignore',
    'tests/test_secretsmanager/test_server.py',
    '-q',
    '--color=no',
    '-p',
    'no:cacheprovider',
    '-p',
    'over_http',
  ]
  // It ends with 1 as soon as one fails; which may, is judged below.
  const { code, stdout, stderr } = await runProgram(
    requiredTool('python'),
    ['-m', 'pytest', 'tests/test_secretsmanager', ...options],
    {
      cwd: own('../../../.real/moto'),
      env: { ...bareEnvironment(), ...store.environment, PYTHONPATH: own('.'), MOTO_OUTCOMES: results },
    },
  )
  expect([0, 1], `${stdout}${stderr}`).toContain(code)
  outcomes = JSON.parse(readFileSync(results, 'utf8')) as typeof outcomes
}, 400_000)
afterAll(() => store.stop())

const named = (outcome: Outcome['outcome']): string[] =>
  Object.keys(outcomes)
    .filter((name) => outcomes[name]?.outcome === outcome)
    .sort()

describe('moto’s tests of Secrets Manager, over HTTP', () => {
  it('find the store empty, each', () => expect(store.problems).toEqual([]))

  it('pass, but for those of moto-only.json', () => {
    const failed = named('failed').filter((name) => !(name in motoOnly))
    expect(failed.map((name) => `${name}: ${outcomes[name]?.why}`)).toEqual([])
  })

  it('do not pass where moto-only.json says so', () => {
    const listed = Object.keys(motoOnly)
    expect(listed.filter((name) => outcomes[name]?.outcome !== 'failed')).toEqual([])
  })

  it('are skipped only where they look into moto itself', () => {
    const reasons = new Set(named('skipped').map((name) => outcomes[name]?.why))
    const known = /ServerMode|proxy mode|DecoratorMode|decorator mode/
    expect([...reasons].filter((why) => !known.test(why ?? ''))).toEqual([])
  })

  it('are as many as docs/conformance.md says', () => {
    const counts = { passed: named('passed').length, failed: named('failed').length, skipped: named('skipped').length }
    expect(counts, 'run: node -C source tools/conformance.ts --write').toEqual(conformance.moto)
  })
})
