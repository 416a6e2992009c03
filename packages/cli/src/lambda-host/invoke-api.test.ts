import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signRequest } from '@keyplane/aws'
import { systemClock, systemRandom } from '@keyplane/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FunctionHost, startFunctionHost } from './invoke-api.ts'
import type { FunctionRuntime } from './local-function.ts'

const accessKey = { accessKeyId: 'AKIAEXAMPLE000000001', secretAccessKey: 'example-secret-access-key-000000000000001' }
const region = 'us-east-1'
const account = '000000000000'
const arnOf = (name: string): string => `arn:aws:lambda:${region}:${account}:function:${name}`

const javascript = `
let calls = 0
export const handler = async (event, context) => {
  calls += 1
  if (event.fail) throw new TypeError('refused')
  if (event.end) process.exit(3)
  if (event.waitMs) await new Promise((resolve) => setTimeout(resolve, event.waitMs))
  if (event.hang) await new Promise((resolve) => setTimeout(resolve, 60_000))
  console.log('called')
  if (event.mark) console.log('mark ' + event.mark)
  return { event, calls, arn: context.invokedFunctionArn, given: process.env.GIVEN, leftMs: context.getRemainingTimeInMillis() > 0 }
}
`
const python = `
import os, sys, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event.get('fail'): raise TypeError('refused')
    if event.get('end'): os._exit(3)
    if event.get('hang'): time.sleep(60)
    print('called')
    return {'event': event, 'calls': calls, 'arn': context.invoked_function_arn, 'given': os.environ['GIVEN'],
            'leftMs': context.get_remaining_time_in_millis() > 0}
`

const hasPython = ((): boolean => {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

const folder = mkdtempSync(join(tmpdir(), 'keyplane-functions-'))
const lines: string[] = []
let host: FunctionHost

beforeAll(async () => {
  writeFileSync(join(folder, 'javascript.mjs'), javascript)
  writeFileSync(join(folder, 'python.py'), python)
  const local = (name: string, runtime: FunctionRuntime, handler: string, timeoutMs = 10_000) => {
    return { name, runtime, handler, folder, timeoutMs, environment: { GIVEN: name } }
  }
  host = await startFunctionHost({
    functions: [
      local('javascript', 'nodejs', 'javascript.handler'),
      local('python', 'python', 'python.handler'),
      local('javascript-many', 'nodejs', 'javascript.handler'),
      local('javascript-slow', 'nodejs', 'javascript.handler', 1_000),
      local('python-slow', 'python', 'python.handler', 1_000),
      local('nowhere', 'nodejs', 'nowhere.handler'),
    ],
    accessKey,
    account,
    region,
    environment: () => ({ PATH: process.env['PATH'] ?? '' }),
    onLine: (name, line) => lines.push(`${name}: ${line}`),
    clock: systemClock,
    random: systemRandom,
  })
})
afterAll(async () => {
  await host.close()
  rmSync(folder, { recursive: true })
})

interface Call {
  readonly event?: object
  readonly credentials?: typeof accessKey
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

const invoke = async (name: string, { event = {}, credentials = accessKey, headers = {}, signal }: Call = {}) => {
  const { host: authority } = new URL(host.url)
  const target = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`
  const body = JSON.stringify(event)
  const sent = { host: authority, 'content-type': 'application/json', ...headers }
  const atMs = systemClock.nowMs()
  const signed = signRequest({
    method: 'POST',
    target,
    headers: sent,
    body,
    credentials,
    region,
    service: 'lambda',
    atMs,
  })
  const answer = await fetch(host.url + target, {
    method: 'POST',
    headers: { ...sent, ...signed },
    body,
    ...(signal && { signal }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    failed: answer.headers.get('x-amz-function-error'),
    body: text === '' ? undefined : JSON.parse(text),
  }
}

describe.each([
  ['JavaScript', 'javascript', true],
  ['Python', 'python', hasPython],
] as const)('a local function in %s', (_, name, isThere) => {
  it.runIf(isThere)('is called with its event, its environment and a context, in one process', async () => {
    const { body, ...answer } = await invoke(name, { event: { Step: 'createSecret' } })
    expect(answer).toEqual({ status: 200, failed: null })
    expect(body).toEqual({ event: { Step: 'createSecret' }, calls: 1, arn: arnOf(name), given: name, leftMs: true })
    expect((await invoke(arnOf(name))).body.calls).toBe(2)
    expect(lines).toContain(`${name}: called`)
  })

  it.runIf(isThere)('tells what it threw, and goes on', async () => {
    const { status, failed, body } = await invoke(name, { event: { fail: true } })
    expect([status, failed, body.errorType, body.errorMessage]).toEqual([200, 'Unhandled', 'TypeError', 'refused'])
    expect((await invoke(name)).failed).toBeNull()
  })

  it.runIf(isThere)('is started again after its process has ended', async () => {
    const { failed, body } = await invoke(name, { event: { end: true } })
    expect([failed, body]).toEqual([
      'Unhandled',
      { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with exit status 3' },
    ])
    expect((await invoke(name)).body.calls).toBe(1)
  })

  it.runIf(isThere)('is ended when it takes longer than it may, and started again', async () => {
    const { failed, body } = await invoke(`${name}-slow`, { event: { hang: true } })
    expect([failed, body.errorType]).toEqual(['Unhandled', 'Sandbox.Timedout'])
    expect(body.errorMessage).toMatch(/ Task timed out after 1\.00 seconds$/)
    expect((await invoke(`${name}-slow`)).body.calls).toBe(1)
  })
})

describe('the host of local functions', () => {
  it('tells why a function does not begin', async () => {
    const { failed, body } = await invoke('nowhere')
    expect(failed).toBe('Unhandled')
    expect(body.errorMessage).toMatch(/^There is no .*nowhere\.mjs, \.js or \.cjs\.$/)
  })

  it('calls a function several times at once, in four processes at most', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => invoke('javascript-many', { event: { waitMs: 300 } })),
    )
    const calls = answers.map(({ body }) => body.calls as number)
    expect(calls.filter((count) => count === 1)).toHaveLength(4)
    expect(Math.max(...calls)).toBeLessThanOrEqual(4)
  })

  it('drops a call whose caller leaves before its turn comes', async () => {
    const busy = Array.from({ length: 4 }, () => invoke('javascript-many', { event: { waitMs: 1_000 } }))
    const leaving = new AbortController()
    const left = invoke('javascript-many', { event: { mark: 'left' }, signal: leaving.signal }).catch(() => 'left')
    const stays = invoke('javascript-many', { event: { mark: 'stays' } })
    setTimeout(() => leaving.abort(), 200)
    expect(await left).toBe('left')
    await Promise.all([...busy, stays])
    expect(lines.filter((line) => line.includes(': mark '))).toEqual(['javascript-many: mark stays'])
  })

  it('takes no call of somebody without its key', async () => {
    const stranger = { ...accessKey, secretAccessKey: 'x'.repeat(40) }
    expect((await invoke('javascript', { credentials: stranger })).status).toBe(403)
    expect((await fetch(`${host.url}/2015-03-31/functions/javascript/invocations`, { method: 'POST' })).status).toBe(
      403,
    )
  })

  it('knows its own functions only', async () => {
    const { status, body } = await invoke('other')
    expect([status, body.Message]).toEqual([404, `Function not found: ${arnOf('other')}`])
  })

  it('answers a trial without a call, and an event before it is done', async () => {
    expect((await invoke('javascript', { headers: { 'x-amz-invocation-type': 'DryRun' } })).status).toBe(204)
    expect((await invoke('javascript', { headers: { 'x-amz-invocation-type': 'Event' } })).status).toBe(202)
  })
})
