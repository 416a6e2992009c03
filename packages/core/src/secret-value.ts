import { SecretsError } from './errors.ts'

/** What stands in place of a value wherever one is printed. */
const redacted = '[secret]'

/** Node's `inspect` and `console.log` show the mask too, not a bare class name. */
const inspectAsRedacted = (prototype: object): void => {
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), { value: () => redacted })
}

/** A secret text. It prints, inspects and serialises as `[secret]`; only `reveal()` gives the text. */
export class TextValue {
  readonly kind = 'text'
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    Object.freeze(this)
  }

  reveal(): string {
    return this.#text
  }

  toJSON(): '[secret]' {
    return redacted
  }

  toString(): '[secret]' {
    return redacted
  }

  static {
    inspectAsRedacted(this.prototype)
  }
}

/** Secret bytes. They print, inspect and serialise as `[secret]`; only `reveal()` gives a copy of them. */
export class BytesValue {
  readonly kind = 'bytes'
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes)
    Object.freeze(this)
  }

  reveal(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }

  toJSON(): '[secret]' {
    return redacted
  }

  toString(): '[secret]' {
    return redacted
  }

  static {
    inspectAsRedacted(this.prototype)
  }
}

/** A secret's value, which shows itself only when asked by `reveal()`. */
export type SecretValue = TextValue | BytesValue

/**
 * The value as text: a text as it is, bytes decoded as UTF-8.
 * @throws SecretsError `invalid_request` for bytes that are no text: they would come out as others.
 */
export const revealText = (value: SecretValue): string => {
  if (value.kind === 'text') return value.reveal()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value.reveal())
  } catch {
    throw new SecretsError('invalid_request', 'The value is bytes that are no UTF-8 text; read it as bytes.')
  }
}

/** Whether two values are the same secret: same kind, same content. */
export const sameValue = (a: SecretValue, b: SecretValue): boolean => {
  if (a.kind === 'text' && b.kind === 'text') return a.reveal() === b.reveal()
  if (a.kind !== 'bytes' || b.kind !== 'bytes') return false
  const [left, right] = [a.reveal(), b.reveal()]
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
