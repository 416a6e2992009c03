/**
 * The tamper-evident audit chain: records are sealed in batches, one SHA-256 link a batch, each link over the one
 * before. Use it to link records where they are stored, and to verify them later. It stores nothing itself (but for the
 * memory sink), and it cannot stop an edit: it shows one.
 */
export { canonicalRecord } from './canonical-record.ts'
export { type ChainHead, type ChainLink, newChain, nextLink } from './chain.ts'
export { type HeadSeal, hashHead, sealHead } from './head-seal.ts'
export { type MemoryAuditSink, memoryAuditSink } from './sinks/memory.ts'
export { type ChainProblem, type ChainVerdict, type NumberedRecord, type StoredRecord, verifyChain } from './verify.ts'
