import { combinedError, problemOf } from '../combined-error.ts'
import { isReference, parseReference, type SecretReference } from './reference.ts'

/** Reads what a reference means. */
export type ReadReference = (reference: SecretReference) => Promise<string>

/**
 * A copy of plain data in which each text that is a reference is what it refers to; everything else is as it was. All
 * references are read at the same time, each once.
 * @throws SecretsError with a line for each reference that leads nowhere: then nothing is given.
 */
export const resolveReferences = async <T>(data: T, read: ReadReference, signal?: AbortSignal): Promise<T> => {
  const references = [...referencesIn(data)]
  const texts = new Map<string, string>()
  const results = await Promise.allSettled(
    references.map(async (text) => texts.set(text, await read(parseReference(text)))),
  )
  signal?.throwIfAborted()
  const problems = references.flatMap((text, index) => problemOf(text, results[index]))
  if (problems.length > 0) throw combinedError(problems, 'could not be resolved')
  return copyWith(data, texts, new Map()) as T
}

/** Lists and objects without a class of their own are gone through; `process.env` is one of them. */
const isOpen = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null
  // By name: what made `process.env` is a function of Node's own, without one.
  return prototype === null || Array.isArray(value) || ['Object', ''].includes(String(prototype.constructor?.name))
}

/** Every reference in the data, however deep. */
const referencesIn = (data: unknown): Set<string> => {
  const found = new Set<string>()
  const seen = new Set<unknown>([data])
  for (const value of seen) {
    if (typeof value === 'string' && isReference(value)) found.add(value)
    if (isOpen(value)) for (const inner of Object.values(value)) seen.add(inner)
  }
  return found
}

/** A list is as long as it was, with its holes; an object without a prototype stays one. */
const emptyLike = (value: object): object => {
  if (Array.isArray(value)) return Object.assign([], { length: value.length })
  return Object.getPrototypeOf(value) === null ? (Object.create(null) as object) : {}
}

const copyWith = (value: unknown, texts: ReadonlyMap<string, string>, copies: Map<object, unknown>): unknown => {
  if (typeof value === 'string') return texts.get(value) ?? value
  if (!isOpen(value)) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  const copy = emptyLike(value)
  copies.set(value, copy)
  // A key may be `__proto__`, which an assignment would take for something else.
  for (const [key, inner] of Object.entries(value))
    Object.defineProperty(copy, key, {
      value: copyWith(inner, texts, copies),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  return copy
}
