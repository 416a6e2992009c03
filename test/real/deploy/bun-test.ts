/** What tests written for vitest miss in Bun's runner. Loaded before them: `bun test --preload`. */
// @ts-expect-error It is there where this runs.
import * as bunTest from 'bun:test'

type Matchers = Record<string, (...args: unknown[]) => unknown>
interface PollOptions {
  readonly timeout?: number
  readonly interval?: number
}

const { describe, expect } = bunTest as {
  describe: Record<string, unknown> & { skip: unknown }
  expect: ((value: unknown) => Matchers) & { poll?: unknown }
}

/** Asks again until the matcher holds, as vitest does. */
expect.poll = (get: () => unknown, { timeout = 1_000, interval = 50 }: PollOptions = {}): Matchers =>
  new Proxy({} as Matchers, {
    get:
      (_, matcher: string) =>
      async (...args: unknown[]): Promise<void> => {
        for (const untilMs = performance.now() + timeout; ; ) {
          try {
            expect(await get())[matcher]?.(...args)
            return
          } catch (error) {
            if (performance.now() >= untilMs) throw error
          }
          await new Promise((resolve) => setTimeout(resolve, interval))
        }
      },
  })

describe['runIf'] = (condition: unknown): unknown => (condition ? describe : describe.skip)
