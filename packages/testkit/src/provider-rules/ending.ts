import assert from 'node:assert/strict'
import { systemClock } from '@keyplane/core'
import type { SuiteClock } from '../provider-fixture.ts'
import { failsWith } from './failure.ts'
import type { Given, Rule } from './rule.ts'
import { seeded } from './seed.ts'

const { plain } = seeded

const patienceMs = 5_000
/** Long enough to be under way, short enough to be waited for. */
const deadlineMs = 100

/** Fails where the act is not over in some real seconds: it hangs, and its test would, too. */
const inTime = async (act: Promise<unknown>, what: string): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what} hangs` })), patienceMs)
  })
  try {
    await Promise.race([act, hangs])
  } finally {
    clearTimeout(timer)
  }
}

/** Lets a call get as far as its source. */
const underWay = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const cannotHang = ({ hang, limits }: Given): string | false =>
  !hang && (limits.hang ?? limits.silence ?? 'the fixture cannot hang')

/** What ends a call: its caller, its deadline, the provider's end. */
export const endingRules: readonly Rule[] = [
  {
    statement: 'rejects with the reason of an aborted signal',
    check: async ({ provider, ref }) => {
      const reason = new Error('the caller left')
      await assert.rejects(
        () => provider.get(ref(plain.name), { signal: AbortSignal.abort(reason) }),
        (thrown) => thrown === reason,
      )
    },
  },
  {
    statement: 'fails with timeout where the time was over before',
    skip: ({ silence, hang, limits }) =>
      limits.deadlines ?? (!silence && !hang && (limits.silence ?? 'the fixture cannot fall silent')),
    check: async ({ provider, ref }) => {
      // Before the start of any monotonic clock.
      await failsWith(() => provider.get(ref(plain.name), { deadlineAtMs: -1 }), 'timeout')
    },
  },
  {
    statement: 'fails with timeout at its deadline where the source hangs',
    skip: cannotHang,
    check: async ({ provider, ref, hang, clock: own }) => {
      const clock: SuiteClock = own ?? systemClock
      await hang?.()
      const deadlineAtMs = clock.monotonicMs() + deadlineMs
      const call = failsWith(() => provider.get(ref(plain.name), { deadlineAtMs }), 'timeout')
      call.catch(() => undefined)
      await underWay()
      await clock.advance?.(deadlineMs)
      await inTime(call, 'a call whose time is over')
    },
  },
  {
    statement: 'leaves a source that hangs when its caller does',
    skip: cannotHang,
    check: async ({ provider, ref, hang }) => {
      await hang?.()
      const caller = new AbortController()
      const reason = new Error('the caller left')
      const call = assert.rejects(
        () => provider.get(ref(plain.name), { signal: caller.signal }),
        (thrown) => thrown === reason,
      )
      call.catch(() => undefined)
      await underWay()
      caller.abort(reason)
      await inTime(call, 'a call that its caller left')
    },
  },
  {
    statement: 'ends a call under way when it is closed',
    skip: (given) => (given.provider.close ? cannotHang(given) : 'no ability: close'),
    check: async ({ provider, ref, hang }) => {
      await hang?.()
      const call = failsWith(() => provider.get(ref(plain.name)), 'closed')
      call.catch(() => undefined)
      await underWay()
      await inTime(Promise.resolve(provider.close?.()), 'close()')
      await inTime(call, 'a call under way')
    },
  },
  {
    statement: 'fails with closed after it was closed',
    check: async ({ provider, ref }) => {
      if (!provider.close) return
      await provider.close()
      await failsWith(() => provider.get(ref(plain.name)), 'closed')
    },
  },
]
