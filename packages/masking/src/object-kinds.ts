import { builtin } from './builtin.ts'
import { type MaskContent, maskBytes } from './json-bytes.ts'

let loaded: typeof import('node:util').types | undefined
const types = (): typeof import('node:util').types => (loaded ??= builtin('node:util').types)

const inspectCustom = Symbol.for('nodejs.util.inspect.custom')

/** Objects that hold no text of their own, or cannot be copied; they are shown as they are. */
const leftAlone: readonly (new (...args: never[]) => object)[] = [
  Date,
  RegExp,
  Promise,
  WeakMap,
  WeakSet,
  WeakRef,
  DataView,
  Number,
  Boolean,
]

/** Whether the object is shown as it is: there is nothing in it that loggers print and masking would change. */
export const isLeftAlone = (value: object): boolean => {
  if (typeof value === 'function') return Object.keys(value).length === 0
  if (ArrayBuffer.isView(value) && !(value instanceof Uint8Array)) return true
  return leftAlone.some((kind) => value instanceof kind) && Object.keys(value).length === 0
}

const maskedUrl = (url: URL, maskText: (text: string) => string): unknown => {
  const shown = maskText(url.href)
  return shown === url.href ? new URL(url) : URL.canParse(shown) ? new URL(shown) : shown
}

const maskedBytes = (bytes: Uint8Array, content: MaskContent): Uint8Array => {
  const shown = maskBytes(bytes, content)
  return shown !== bytes && Buffer.isBuffer(bytes) ? Buffer.from(shown) : shown
}

/** The masked form of an object that is a text or bytes at heart; `undefined` for any other. */
export const maskedWhole = (value: object, content: MaskContent): unknown => {
  const { text: maskText } = content
  if (value instanceof URL) return maskedUrl(value, maskText)
  if (types().isStringObject(value)) return maskText(String(value))
  if (value instanceof Uint8Array) return maskedBytes(value, content)
  if (value instanceof ArrayBuffer) return maskedBytes(new Uint8Array(value), content)
  return typeof value === 'function' ? `[Function ${maskText(value.name)}]` : undefined
}

/** The kind's name is asked first: to name the class itself would load all of Node's `fetch`, 20 ms and more. */
const isListOfFields = (value: object): value is URLSearchParams | Headers | FormData => {
  const kind = Object.prototype.toString.call(value)
  if (kind === '[object URLSearchParams]') return value instanceof URLSearchParams
  if (kind === '[object Headers]') return value instanceof Headers
  return kind === '[object FormData]' && value instanceof FormData
}

/** A simpler form of the object, in which its fields can be seen; `undefined` if it is simple enough. */
export const toPlain = (value: object): unknown => {
  if (isListOfFields(value)) return Object.fromEntries(value.entries())
  if (value instanceof Error) return undefined
  const { toJSON } = value as { readonly toJSON?: unknown }
  return typeof toJSON === 'function' ? toJSON.call(value) : undefined
}

/**
 * A native error, for inspectors to know it, of the given class. Its stack is set first: V8 would format it lazily,
 * with getters of that class, which may not work on a copy.
 */
const emptyError = (prototype: object | null): object => {
  const copy = Object.defineProperty(new Error(), 'stack', { value: '', configurable: true, writable: true })
  return Object.setPrototypeOf(copy, prototype) as object
}

/** An object of the same kind without its fields. */
export const emptyCopy = (source: object): object => {
  if (Array.isArray(source)) return Object.assign([], { length: source.length })
  if (types().isMap(source)) return new Map()
  if (types().isSet(source)) return new Set()
  const prototype = Object.getPrototypeOf(source) as object | null
  const copy = source instanceof Error ? emptyError(prototype) : Object.create(prototype)
  // The class's own ways to print itself may need private fields, which a copy has not, or show them.
  for (const key of ['toJSON', inspectCustom])
    if (typeof Reflect.get(copy as object, key) === 'function')
      Object.defineProperty(copy, key, { value: undefined, enumerable: false, configurable: true, writable: true })
  return copy as object
}
