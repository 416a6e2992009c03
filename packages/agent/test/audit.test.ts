import type { AuditRecord } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { exchange, parseAnswer } from './wire.ts'

const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:MyTest-a1b2c3'

const start = async () => {
  const clock = fakeClock()
  const records: AuditRecord[] = []
  const disk: { failure: Error | undefined; closed: number } = { failure: undefined, closed: 0 }
  const audit = {
    write: (batch: readonly AuditRecord[]) => {
      if (disk.failure) throw disk.failure
      records.push(...batch)
    },
    close: () => {
      disk.closed += 1
    },
  }
  const started = await startTestAgent({ clock, audit })
  const ask = async (target: string, ...headers: readonly string[]) => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: localhost', `X-Vault-Token: ${token}`, ...headers, '', '']
    return parseAnswer(await exchange(started.port, [head.join('\r\n')], { answers: 1 }))
  }
  return { ...started, clock, records, disk, ask }
}

const get = '/secretsmanager/get?secretId='

describe('the audit log', () => {
  it('has every read, cached ones by their number, in whatever form it was asked', async () => {
    const { ask, clock, records } = await start()
    for (let read = 0; read < 4; read += 1) await ask(`${get}MyTest`)
    await ask(`${get}MyTest`, 'Accept: text/plain')
    await ask('/v1/MyTest?refreshNow=1')
    await ask(`${get}Nope`)
    await ask('/ping')
    await ask('/nowhere')
    await clock.advance(1_000)
    expect(
      records.map(({ resource, decision, detail }) => [resource, decision, detail?.['outcome'], detail?.['count']]),
    ).toEqual([
      [arn, 'allow', 'fetched', undefined],
      [arn, 'allow', 'fetched', undefined],
      ['Nope', 'error', 'failed', undefined],
      [arn, 'allow', 'hit', '4'],
    ])
    expect(new Set(records.map(({ actor }) => actor))).toEqual(new Set(['token']))
    expect(JSON.stringify(records)).not.toContain('the value')
    expect(JSON.stringify(records)).not.toContain(token)
  })

  it('that can’t be written lets no read through, cached ones neither, until it can; probes go on', async () => {
    const { ask, clock, disk, records } = await start()
    await ask(`${get}MyTest`)
    disk.failure = Object.assign(new Error('full'), { code: 'ENOSPC' })
    await clock.advance(1_000)
    for (const target of [`${get}MyTest`, `${get}MyTest&versionStage=AWSCURRENT`, `${get}MyTest&refreshNow=1`])
      expect(await ask(target)).toMatchObject({ status: 500, body: '{"__type":"InternalFailure"}' })
    expect((await ask('/ping')).status).toBe(200)
    disk.failure = undefined
    await clock.advance(1_000)
    expect((await ask(`${get}MyTest`)).status).toBe(200)
    expect(records.length).toBeGreaterThan(0)
  })

  it('is closed where the start fails, whatever it fails at', async () => {
    const { port } = await start()
    let closed = 0
    const audit = { write: () => {}, close: () => (closed += 1) }
    await expect(startTestAgent({ port, audit })).rejects.toThrow('Could not bind')
    await expect(startTestAgent({ env: {}, audit })).rejects.toThrow('No token')
    expect(closed).toBe(2)
  })

  it('is written and closed with the agent', async () => {
    const { agent, ask, disk, records } = await start()
    await ask(`${get}MyTest`)
    await ask(`${get}MyTest`)
    await agent.close()
    expect([records.length, disk.closed]).toEqual([2, 1])
  })
})
