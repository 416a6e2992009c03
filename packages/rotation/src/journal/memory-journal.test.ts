import { fakeClock } from '@keyplane/testkit'
import { describe, it } from 'vitest'
import { describeRotationJournal } from '../testing/describe-rotation-journal.ts'
import { memoryJournal } from './memory-journal.ts'

describeRotationJournal(
  'memory',
  async () => {
    const clock = fakeClock()
    const journal = memoryJournal(clock)
    return { journal, other: journal, clock }
  },
  { describe, it },
)
