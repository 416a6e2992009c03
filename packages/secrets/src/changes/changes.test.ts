import { BytesValue, type Change, type SecretProvider, SecretsError } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { openOver } from '../../test/open-over.ts'
import { remoteMemory } from '../../test/remote-memory.ts'

/** The same source, which pushes nothing. */
const silent = (provider: SecretProvider): SecretProvider => {
  const { name, get, write } = provider
  return { name, get, ...(write && { write }) }
}

describe('a change', () => {
  it('is told at once where the source pushes it', async () => {
    const { provider, put, remove } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider)
    const heard: (string | undefined)[] = []
    secrets.onChange('A', (secret) => heard.push(secret))
    await clock.advance(10)
    await put('A', 'two')
    await clock.advance(10)
    expect(await secrets.getSecret('A')).toBe('two')
    await remove('A')
    await clock.advance(10)
    expect(heard).toEqual(['two', undefined])
  })

  it('is told at the next look where it does not, and only if there is one', async () => {
    const { provider, put } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(silent(provider), { pollInterval: '1m' })
    const heard: string[] = []
    secrets.onChange('A', (secret, { before }) => heard.push(`${before?.value.reveal() as string} → ${secret}`))
    await clock.advance(300_000)
    await put('A', 'two')
    await clock.advance(67_000)
    await clock.advance(300_000)
    expect(heard).toEqual(['one → two'])
  })

  it('is not what an outage or a refusal looks like', async () => {
    const { provider, state } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(silent(provider), {
      cache: { maxStale: 0 },
      environment: true,
      env: { KEYPLANE_ENV_FOLDER: '/nowhere', A: 'from the environment' },
    })
    const heard: unknown[] = []
    secrets.onChange('A', (secret) => heard.push(secret))
    await clock.advance(10)
    for (const code of ['unavailable', 'access_denied'] as const) {
      state.failure = new SecretsError(code, 'no')
      await clock.advance(300_000)
    }
    expect(heard).toEqual([])
  })

  it('is told no more after its end, and nothing is asked for it', async () => {
    const { provider, put, calls } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(silent(provider))
    const heard: unknown[] = []
    const end = secrets.onChange('A', (secret) => heard.push(secret))
    await clock.advance(10)
    end()
    await put('A', 'two')
    const asked = calls.get.length
    await clock.advance(3_600_000)
    expect([heard, calls.get.length, clock.waiting]).toEqual([[], asked, 0])
  })

  it('is told by its key alone where the listener fails', async () => {
    const { provider, put } = remoteMemory({ A: 'one' })
    const { secrets, clock, logged } = openOver(provider)
    secrets.onChange('A', (secret) => {
      throw new Error(`cannot use ${secret}`)
    })
    await clock.advance(10)
    await put('A', 'two-canary')
    await clock.advance(10)
    expect(logged).toEqual(['error What listens to changes of "A" failed.'])
  })

  it('can be looped over, until the signal is aborted', async () => {
    const { provider, put } = remoteMemory({ A: 'one', B: 'eins' })
    const { secrets, clock } = openOver(provider)
    const controller = new AbortController()
    const seen: string[] = []
    const loop = (async () => {
      for await (const { key, version } of secrets.watch(['A', 'B'], { signal: controller.signal }))
        seen.push(`${key} ${version?.value.reveal() as string}`)
    })()
    await clock.advance(10)
    await put('B', 'zwei')
    await clock.advance(10)
    await put('A', 'two')
    await clock.advance(10)
    controller.abort()
    await loop
    expect(seen).toEqual(['B zwei', 'A two'])
  })

  it('is heard from the call on, however late its loop begins', async () => {
    const { provider, put } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider)
    const changes = secrets.watch(['A'])
    await clock.advance(10)
    await put('A', 'two')
    await clock.advance(10)
    for await (const { version } of changes) {
      expect(version?.value.reveal()).toBe('two')
      break
    }
  })

  it('is heard past a source that cannot be asked at all', async () => {
    const missing = {
      name: 'missing',
      get: async (): Promise<never> => {
        throw new SecretsError('source_misconfigured', 'not installed', { reason: 'sdk_missing' })
      },
    }
    const { provider, put } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(missing, { providers: [missing, silent(provider)] })
    const heard: unknown[] = []
    secrets.onChange('A', (secret) => heard.push(secret))
    await clock.advance(10)
    await put('A', 'two')
    // The cache's own time has to pass.
    await clock.advance(3_700_000)
    expect(heard).toEqual(['two'])
  })

  it('of bytes is told, with the bytes in its version', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets, clock, logged } = openOver(provider)
    const heard: unknown[] = []
    secrets.onChange('A', (secret, { version }) => heard.push([secret, version?.value.reveal()]))
    await clock.advance(10)
    await provider.write?.put({ id: 'A' }, new BytesValue(Uint8Array.of(255)), { idempotencyKey: 'bytes' })
    await clock.advance(10)
    expect([heard, logged]).toEqual([[[undefined, Uint8Array.of(255)]], []])
  })

  it('is not told to a listener that another one ended', async () => {
    const { provider, put } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider)
    const heard: string[] = []
    let end = (): void => {}
    secrets.onChange('A', () => {
      heard.push('first')
      end()
    })
    end = secrets.onChange('A', () => heard.push('second'))
    await clock.advance(10)
    await put('A', 'two')
    await clock.advance(10)
    expect(heard).toEqual(['first'])
  })

  it('is watched for no more by a loop that was left before it began', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(silent(provider))
    await secrets.getSecret('A')
    const before = clock.waiting
    await secrets.watch(['A'])[Symbol.asyncIterator]().return?.()
    await clock.advance(0)
    expect(clock.waiting).toBe(before)
    expect(() => secrets.onChange('', () => {})).toThrow('empty')
  })

  it('ends its loops when the manager is closed', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets, clock } = openOver(provider)
    const loop = (async () => {
      for await (const change of secrets.watch(['A'])) void change
      return 'over'
    })()
    await clock.advance(10)
    await secrets.close()
    expect(await loop).toBe('over')
    expect(clock.waiting).toBe(0)
  })
})

describe('a stream of changes', () => {
  const streaming = (streams: ((tell: (change: Change) => void) => Promise<void>)[]) => {
    const { provider, put, calls } = remoteMemory({ A: 'one' })
    let opened = 0
    const watch: NonNullable<SecretProvider['watch']> = {
      async *watch(_ids, signal) {
        const stream = streams[opened]
        opened += 1
        const waiting: Change[] = []
        const state = { ended: false }
        const end = stream?.((change) => waiting.push(change)).finally(() => {
          state.ended = true
        })
        // It is awaited below, when what it told is given.
        end?.catch(() => {})
        while (!signal.aborted && !state.ended) {
          const next = waiting.shift()
          if (next) yield next
          else await new Promise((resolve) => setImmediate(resolve))
        }
        await end
      },
    }
    return { provider: { ...provider, watch }, put, calls, openings: () => opened }
  }
  const forever = (): Promise<void> => new Promise(() => {})
  const breaks = async (): Promise<void> => {
    throw new SecretsError('unavailable', 'reset')
  }

  it('that breaks is opened again, and what it missed is noticed', async () => {
    const { provider, put, openings } = streaming([breaks, forever])
    const { secrets, clock } = openOver(provider)
    expect(await secrets.getSecret('A')).toBe('one')
    await put('A', 'two')
    expect(await secrets.getSecret('A')).toBe('one')
    await clock.advance(1_000)
    expect(openings()).toBe(2)
    // Everything has to be confirmed within a tenth of the TTL, which is an hour.
    await clock.advance(362_000)
    expect(await secrets.getSecret('A')).toBe('two')
    await secrets.close()
  })

  it('that a source cannot give is not asked for again', async () => {
    const { provider, openings } = streaming([
      async () => {
        throw new SecretsError('unsupported', 'no stream')
      },
    ])
    const { secrets, clock } = openOver(provider)
    await secrets.getSecret('A')
    await clock.advance(3_600_000)
    expect([openings(), clock.waiting]).toEqual([1, 0])
  })
})
