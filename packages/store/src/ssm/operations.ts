import type { Operation } from '../operation.ts'

/** The operations of Systems Manager, by name. */
export const ssmOperations: ReadonlyMap<string, Operation> = new Map()
