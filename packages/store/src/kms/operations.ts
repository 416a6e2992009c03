import type { Operation } from '../operation.ts'

/** The operations of KMS, by name. */
export const kmsOperations: ReadonlyMap<string, Operation> = new Map()
