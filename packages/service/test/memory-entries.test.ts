import { fakeClock } from '@keyplane/testkit'
import { describe, it } from 'vitest'
import { describeEntries } from './describe-entries.ts'
import { MemoryEntries } from './memory-entries.ts'

const start = async () => {
  const clock = fakeClock()
  const entries = new MemoryEntries(clock)
  return { one: entries, other: entries, nowMs: clock.nowMs, pass: clock.advance, stop: async () => {} }
}

describe('entries in memory', () => {
  describeEntries(start, { it })
})
