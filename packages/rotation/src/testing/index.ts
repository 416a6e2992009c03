/**
 * Rules for those who implement a port of `@keyplane/rotation`: run `describeRotationJournal` on a journal,
 * `describeReceipts` on receipts and `describeRotator` on a rotator of your own. For tests only.
 */
export { memoryJournal } from '../journal/memory-journal.ts'
export { describeReceipts, type ReceiptsFixture } from './describe-receipts.ts'
export { describeRotationJournal, type JournalFixture } from './describe-rotation-journal.ts'
export { describeRotator, type RotatorFixture } from './describe-rotator.ts'
export { type MemoryVersions, memoryVersions } from './memory-versions.ts'
export type { SuiteRunner } from './suite-runner.ts'
