import { fakeClock } from '@keyplane/testkit'
import { describe, it } from 'vitest'
import { describeReceipts } from '../testing/describe-receipts.ts'
import { memoryReceipts } from './memory-receipts.ts'

describeReceipts(
  'memory',
  async () => {
    const clock = fakeClock()
    const receipts = memoryReceipts(clock)
    return { receipts, other: receipts, clock }
  },
  { describe, it },
)
