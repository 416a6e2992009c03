import { createKeyRules } from './key-rules.ts'
import { createLineMasker } from './mask-line.ts'
import { createObjectMasker } from './mask-object.ts'
import { createTextMasker } from './mask-text.ts'
import { createValueMasker, type MaskedValues, valueSource } from './values/mask-values.ts'

export interface MaskerOptions {
  /** Names of more secret fields, in any spelling; they add to the built-in ones. Default: none. */
  readonly keys?: readonly string[]
  /** The values to look for; `false` for none. Default: those of the process. */
  readonly values?: MaskedValues
}

/** One set of rules, applied to data, to free text and to ready log lines. */
export interface Masker {
  /** A copy of the data with every secret field as `****`; see `maskSecrets`. */
  data<T>(data: T): T
  /** Free text with the secrets masked that it shows by their form; see `maskText`. */
  text(text: string): string
  /** A line that is ready to be written, JSON or not, with its secrets masked. JSON stays JSON. */
  line(line: string): string
}

/** Makes a masker that is used again and again: it remembers what it found out about keys. */
export const createMasker = (options: MaskerOptions = {}): Masker => {
  const rules = createKeyRules(options.keys)
  const { text: values, binary } = createValueMasker(valueSource(options.values))
  const forms = createTextMasker(rules)
  // Values first: what the rules mask may be a part of one, and hide it from its registry.
  const text = (plain: string): string => forms(values(plain))
  return Object.freeze({
    data: createObjectMasker(rules, { text, binary }),
    text,
    line: createLineMasker({ rules, values, forms, text, binary }),
  })
}

const builtIn: Masker = createMasker()

/**
 * A copy of the data in which every secret field is `****`, at any depth, in objects, arrays, maps, sets and errors;
 * texts are masked as by `maskText`. The data itself is never changed. Meant for logging: getters are read, an object
 * with `toJSON` is shown as that gives it, and what cannot be read is `[unreadable]`.
 */
export const maskSecrets = <T>(data: T, keys?: readonly string[]): T =>
  keys === undefined ? builtIn.data(data) : createMasker({ keys }).data(data)

/**
 * Free text with the secrets masked that it shows by their form: passwords in URLs, `password=…`, `"token":"…"`,
 * `--api-key …`, `Authorization` and `Cookie` headers, bearer tokens, JSON web tokens and private keys in PEM.
 */
export const maskText = (text: string): string => builtIn.text(text)
