import { BytesValue, TextValue } from '@keyplane/core'
import { isSecret, isSecretPair, type KeyRules } from './key-rules.ts'
import type { MaskContent } from './json-bytes.ts'
import { emptyCopy, isLeftAlone, maskedWhole, toPlain } from './object-kinds.ts'
import { mask, unreadable } from './mask.ts'

/** An object may make new objects whenever it is looked at; past this many they are left out. */
const maxObjects = 1_000_000
/** Numbers of fewer digits are in no registry of values. */
const minLongNumber = 10_000_000

interface Task {
  readonly source: object
  readonly copy: object
}

/** One masking of one graph of objects. Works through a list instead of calling itself, so that no depth is too deep. */
class Walk {
  readonly #rules: KeyRules
  readonly #content: MaskContent
  readonly #maskText: MaskContent['text']
  readonly #copies = new Map<object, unknown>()
  readonly #tasks: Task[] = []

  constructor(rules: KeyRules, content: MaskContent) {
    this.#rules = rules
    this.#content = content
    this.#maskText = content.text
  }

  run(data: unknown): unknown {
    const shown = this.#shown(data)
    for (let task = this.#tasks.pop(); task; task = this.#tasks.pop()) {
      try {
        this.#fill(task)
      } catch {
        // A proxy that refuses: what could be read is there, the rest is left out.
      }
    }
    return shown
  }

  /** The value as the output shows it; an object's copy is filled later. */
  #shown(value: unknown): unknown {
    if (typeof value === 'string') return this.#maskText(value)
    if (typeof value === 'number' || typeof value === 'bigint') return this.#number(value)
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    const copy = this.#copies.size < maxObjects ? this.#begin(value) : unreadable
    this.#copies.set(value, copy)
    return copy
  }

  /** A long number may be a value, as a number in a secret that is JSON. */
  #number(value: number | bigint): unknown {
    if (value < minLongNumber && value > -minLongNumber) return value
    const text = String(value)
    return this.#maskText(text) === text ? value : mask
  }

  #begin(value: object): unknown {
    try {
      if (value instanceof TextValue || value instanceof BytesValue || isLeftAlone(value)) return value
      const whole = maskedWhole(value, this.#content)
      if (whole !== undefined) return whole
      const plain = toPlain(value)
      if (plain === undefined) return this.#copyLater(value)
      return typeof plain === 'object' && plain !== null ? this.#copyLater(plain) : this.#shown(plain)
    } catch {
      return unreadable
    }
  }

  #copyLater(source: object): object {
    const copy = emptyCopy(source)
    this.#tasks.push({ source, copy })
    return copy
  }

  #fill({ source, copy }: Task): void {
    if (copy instanceof Map) {
      Map.prototype.forEach.call(source, (value: unknown, key: unknown) =>
        copy.set(this.#shown(key), this.#field(key, value)),
      )
    } else if (copy instanceof Set) {
      Set.prototype.forEach.call(source, (value: unknown) => copy.add(this.#shown(value)))
    }
    const isError = source instanceof Error
    for (const key of Reflect.ownKeys(source)) this.#copyProperty(source, copy, key, isError)
    if (isError) this.#copyInherited(source, copy)
  }

  /** Some errors (DOMException) have their name and message from getters that work on the original only. */
  #copyInherited(source: Error, copy: object): void {
    for (const key of ['name', 'message'] as const)
      if (!Object.hasOwn(copy, key)) {
        const value = this.#maskText(source[key])
        Object.defineProperty(copy, key, { value, enumerable: false, writable: true, configurable: true })
      }
  }

  #field(key: unknown, value: unknown): unknown {
    return typeof key === 'string' && isSecret(this.#rules(key), value) ? mask : this.#shown(value)
  }

  /** An item of a list; one of a name and a text is a field, as lists of headers have it. */
  #item(value: unknown): unknown {
    if (!Array.isArray(value) || value.length !== 2) return this.#shown(value)
    const [name, text] = value as readonly unknown[]
    const isField = typeof name === 'string' && typeof text === 'string' && isSecretPair(this.#rules, name, text)
    return isField ? [this.#maskText(name), mask] : this.#shown(value)
  }

  #copyProperty(source: object, copy: object, key: string | symbol, isError: boolean): void {
    let enumerable = true
    let value: unknown = unreadable
    try {
      const property = Reflect.getOwnPropertyDescriptor(source, key)
      // An error's own message, stack, cause and errors are not enumerable, and are what loggers show.
      if (!property || !(property.enumerable || isError)) return
      enumerable = property.enumerable ?? false
      const name = typeof key === 'symbol' ? (key.description ?? '') : key
      if (Array.isArray(source) && /^\d/.test(name))
        value = this.#item(property.get ? Reflect.get(source, key) : property.value)
      // A secret's getter is not even called.
      else if (property.get && this.#rules(name) === 'mask') value = mask
      else value = this.#field(name, property.get ? Reflect.get(source, key) : property.value)
    } catch {
      // Shown as unreadable.
    }
    const shownKey = typeof key === 'string' ? this.#maskText(key) : key
    Object.defineProperty(copy, shownKey, { value, enumerable, writable: true, configurable: true })
  }
}

/** Copies data with its secrets masked; see `maskSecrets`. */
export const createObjectMasker =
  (rules: KeyRules, content: MaskContent): (<T>(data: T) => T) =>
  <T>(data: T) =>
    new Walk(rules, content).run(data) as T
