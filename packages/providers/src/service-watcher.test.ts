import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Change, SecretProvider } from '@keyplane/core'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { ServiceDouble } from '../test/service-double.ts'
import { serviceProvider } from './service.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

interface Watching {
  readonly service: ServiceDouble
  readonly provider: SecretProvider
  readonly clock: FakeClock
  readonly seen: Change[]
  readonly ended: Promise<unknown>
  readonly stop: () => void
  /** Lets time go by, in steps, until this holds. */
  until(holds: () => boolean, stepMs?: number): Promise<void>
}

const watch = async (
  ids: readonly string[] | 'all' = 'all',
  prepare?: (service: ServiceDouble) => void,
  tokenIn?: (token: string) => { readonly file: string },
): Promise<Watching> => {
  const service = await new ServiceDouble().start()
  prepare?.(service)
  const clock = fakeClock()
  const { endpoint } = service
  const token = tokenIn?.(service.token) ?? service.token
  const provider = serviceProvider({ endpoint, environment: 'production', token, clock, random: seededRandom(1) })
  const caller = new AbortController()
  const seen: Change[] = []
  const follow = async (): Promise<void> => {
    for await (const change of provider.watch?.watch(ids, caller.signal) ?? []) seen.push(change)
  }
  const ended = follow().then(
    () => 'ended',
    (error: unknown) => error,
  )
  cleanups.push(
    () => caller.abort(),
    () => provider.close?.(),
    () => service.stop(),
  )
  const until = async (holds: () => boolean, stepMs = 0): Promise<void> => {
    for (let round = 0; !holds(); round++) {
      if (round > 20_000) throw new Error('it does not come to hold')
      await clock.advance(stepMs)
    }
  }
  return { service, provider, clock, seen, ended, stop: () => caller.abort('gone'), until }
}

const changed = (secret: string) => ({ kind: 'changed', tool: 'payments', secret, versionId: '7' }) as const

describe('the changes of the service', () => {
  it('are told by id and version as they happen', async () => {
    const { service, seen, until } = await watch()
    await until(() => service.readers === 1)
    service.tell(changed('db'))
    service.tell({ kind: 'withdrawn', tool: 'mail', secret: 'smtp' })
    await until(() => seen.length === 2)
    expect(seen).toEqual([
      { kind: 'changed', id: 'payments/db', version: '7' },
      { kind: 'withdrawn', id: 'mail/smtp' },
    ])
    expect(service.asked[0]?.headers).toMatchObject({ accept: 'text/event-stream' })
  })

  it('are told of the ids that were asked for, and of every gap', async () => {
    const { service, seen, until } = await watch(['payments/db'])
    await until(() => service.readers === 1)
    for (const secret of ['api', 'db']) service.tell(changed(secret))
    service.tell({ kind: 'resync' })
    await until(() => seen.length === 2)
    expect(seen).toEqual([{ kind: 'changed', id: 'payments/db', version: '7' }, { kind: 'resync' }])
  })

  it('go on after a cut where they were', async () => {
    const { service, seen, until } = await watch()
    await until(() => service.readers === 1)
    service.tell(changed('first'))
    await until(() => seen.length === 1)
    service.cut()
    await until(() => service.readers === 0)
    service.tell(changed('second'))
    await until(() => seen.length === 2, 100)
    expect(seen[1]).toMatchObject({ id: 'payments/second' })
    expect(service.asked.at(-1)?.headers['last-event-id']).toBe('1')
  })

  it('that the service no longer has are a gap', async () => {
    const { service, seen, until } = await watch()
    await until(() => service.readers === 1)
    service.tell(changed('first'))
    await until(() => seen.length === 1)
    service.cut()
    await until(() => service.readers === 0)
    service.tell(changed('second'))
    service.forgottenUpTo = 2
    await until(() => seen.length === 2, 100)
    expect(seen[1]).toEqual({ kind: 'resync' })
  })

  it('are a gap where the cut came before the first of them', async () => {
    const { service, seen, until } = await watch()
    await until(() => service.readers === 1)
    service.cut()
    await until(() => seen.length === 1, 100)
    expect(seen).toEqual([{ kind: 'resync' }])
  })

  it('that make no sense are a gap, and nobody’s end', async () => {
    const { service, seen, until } = await watch()
    await until(() => service.readers === 1)
    service.say('event: changed\ndata: {"tool":1}\n\nevent: news\ndata: x\n\n')
    service.tell(changed('db'))
    await until(() => seen.length === 2)
    expect(seen).toEqual([{ kind: 'resync' }, { kind: 'changed', id: 'payments/db', version: '7' }])
  })

  it('go on after a cut where an event had an id that no header can carry', async () => {
    const { service, seen, ended, stop, until } = await watch()
    await until(() => service.readers === 1)
    service.tell(changed('first'))
    await until(() => seen.length === 1)
    service.say('id: \u2713 1\nevent: changed\ndata: {"tool":"payments","secret":"odd"}\n\n')
    service.say(`id: ${'9'.repeat(2_000)}\nevent: changed\ndata: {"tool":"payments","secret":"long"}\n\n`)
    await until(() => seen.length === 3)
    service.cut()
    await until(() => service.readers === 0)
    await until(() => service.readers === 1, 100)
    expect(service.asked.at(-1)?.headers['last-event-id']).toBe('1')
    stop()
    expect(await ended).toBe('ended')
  })

  it('are asked for again where the service fell silent', async () => {
    const { service, until } = await watch()
    await until(() => service.readers === 1)
    await until(() => service.asked.length === 2, 1_000)
    await until(() => service.readers === 1)
  })

  it('are asked for ever more seldom while the service is away, and as it says', async () => {
    const { service, clock, until } = await watch('all', (double) => {
      double.fault = { status: 503, headers: { 'retry-after': '7' } }
    })
    await until(() => service.asked.length === 1)
    const began = clock.monotonicMs()
    await until(() => service.asked.length === 2, 500)
    expect(clock.monotonicMs() - began).toBeGreaterThanOrEqual(7_000)
    service.fault = undefined
    await until(() => service.readers === 1, 500)
  })

  it('wait after a cut for as long as the stream has said', async () => {
    const { service, clock, until } = await watch('all', (double) => {
      double.greeting = 'retry: 9000\n\n'
    })
    await until(() => service.readers === 1)
    await until(() => service.asked.length === 1)
    await clock.advance(0)
    service.cut()
    await until(() => service.readers === 0)
    const began = clock.monotonicMs()
    await until(() => service.asked.length === 2, 500)
    expect(clock.monotonicMs() - began).toBeGreaterThanOrEqual(9_000)
  })

  it.each([
    [404, 'unsupported'],
    [405, 'unsupported'],
    [501, 'unsupported'],
    [204, 'unsupported'],
    [401, 'unauthenticated'],
    [403, 'access_denied'],
  ])('end where the service answers HTTP %d: %s', async (status, code) => {
    const { ended } = await watch('all', (double) => {
      double.fault = { status }
    })
    expect(await ended).toMatchObject({ code, source: 'service' })
  })

  describe.each([
    ['the token was forgotten', undefined],
    ['the service refuses the token', { status: 401 }],
  ])('where %s', (_, fault) => {
    it('go on though its file is away while it is written anew', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'keyplane-watch-'))
      cleanups.push(() => rmSync(folder, { recursive: true }))
      const file = join(folder, 'token')
      const { service, provider, clock, until } = await watch('all', undefined, (token) => {
        writeFileSync(file, token)
        return { file }
      })
      await until(() => service.readers === 1)
      rmSync(file)
      service.fault = fault
      if (!fault) await provider.refresh?.()
      service.cut()
      await until(() => service.readers === 0)
      for (let round = 0; round < 200; round++) await clock.advance(1_000)
      expect(service.asked).toHaveLength(fault ? 2 : 1)
      service.fault = undefined
      writeFileSync(file, service.token)
      await until(() => service.readers === 1, 1_000)
    })
  })

  it('end with their reader', async () => {
    const { service, ended, stop, until } = await watch()
    await until(() => service.readers === 1)
    stop()
    expect(await ended).toBe('ended')
    await until(() => service.readers === 0)
  })

  it('end with the provider, which gives none after it', async () => {
    const { service, provider, ended, until } = await watch()
    await until(() => service.readers === 1)
    await provider.close?.()
    expect(await ended).toBe('ended')
    const again = provider.watch?.watch('all', new AbortController().signal)[Symbol.asyncIterator]().next()
    await expect(again).rejects.toMatchObject({ code: 'closed' })
  })

  it('are not waited for by who has left already', async () => {
    const { provider } = await watch()
    const next = provider.watch?.watch('all', AbortSignal.abort())[Symbol.asyncIterator]().next()
    expect(await next).toMatchObject({ done: true })
  })
})
