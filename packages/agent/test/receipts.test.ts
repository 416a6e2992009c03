import type { Heartbeat, Receipt } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { exchange } from './wire.ts'

const secretId = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:MyTest-a1b2c3'
const [first, second] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
const used = (versionId: string): Receipt => ({ secretId, versionId, used: true, refusals: 0 })

let heartbeats: Heartbeat[]
let started: Awaited<ReturnType<typeof startTestAgent>>
const clock = fakeClock()
beforeEach(async () => {
  heartbeats = []
  const receipts = { name: 'agent of web-1', send: (heartbeat: Heartbeat) => void heartbeats.push(heartbeat) }
  started = await startTestAgent({
    clock,
    receipts,
    toml: '[prefetch]\nsecrets = [{ secret_id = "MyTest" }]\nmax_jitter_seconds = 0',
  })
})
afterEach(() => started.agent.close())

const ask = (query: string): Promise<unknown> => {
  const head = [
    `GET /secretsmanager/get?secretId=MyTest${query} HTTP/1.1`,
    'Host: localhost',
    `X-Vault-Token: ${token}`,
  ]
  return exchange(started.port, [[...head, '', ''].join('\r\n')], { answers: 1 })
}
const told = async (): Promise<readonly Receipt[]> => {
  await clock.advance(1_000)
  return heartbeats.flatMap(({ receipts }) => receipts)
}

describe('receipts of the agent', () => {
  it('tell the version that it gave out, on the fast path and on the slow one, and not what it read ahead', async () => {
    await started.agent.prefetched
    expect(await told()).toEqual([])
    await ask('')
    expect(await told()).toEqual([used(first)])
    expect(heartbeats[0]?.consumer.name).toBe('agent of web-1')
    started.source.version = second
    started.source.text = 'another value'
    await ask('&refreshNow=true')
    expect(await told()).toEqual([used(first), used(second)])
  })

  it('tell nothing of a version that is asked for by its id, nor of what a caller is refused', async () => {
    await ask(`&versionId=${first}`)
    await ask('&versionStage=AWSPREVIOUS')
    await ask('X')
    expect(await told()).toEqual([])
  })

  it('end with the agent', async () => {
    await ask('')
    await told()
    await started.agent.close()
    expect(heartbeats.at(-1)).toMatchObject({ receipts: [], ends: true })
  })
})
