import { asJsonObject, parseJson } from '../parsed-json.ts'
import { type Parsed, type StandardSchema, validated } from '../standard-schema.ts'

export interface SecretTypeOptions<T> {
  /** The secret's key at its source. Default: the name in the definition. */
  readonly key?: string
  /** Where no source has the key. Default: the key is required. */
  readonly default?: T
  /** Gives `undefined` where no source has the key. Default false. */
  readonly optional?: boolean
  /** Whether it is kept out of logs. Default true. */
  readonly secret?: boolean
}

/** What a key of a definition is: how its text becomes a value. */
export interface SecretType<T> {
  readonly options: SecretTypeOptions<unknown>
  readonly parse: (text: string) => Parsed<T> | Promise<Parsed<T>>
}

/** Without a value where it is optional and has no default. */
type Typed<T, Options> = SecretType<MayLack<Options> extends true ? T | undefined : T>

type MayLack<Options> = Options extends { readonly default: unknown }
  ? false
  : Options extends { readonly optional: true }
    ? true
    : false

/** A type of your own: `parse` says what a text is, or why it is none of these, without quoting it. */
export const secretType = <T, const Options extends SecretTypeOptions<T> = object>(
  parse: (text: string) => Parsed<T> | Promise<Parsed<T>>,
  options?: Options,
): Typed<T, Options> => Object.freeze({ parse, options: Object.freeze({ ...options }) }) as Typed<T, Options>

/** The text as it is. */
export const string = <const Options extends SecretTypeOptions<string> = object>(
  options?: Options,
): Typed<string, Options> => secretType((text) => ({ ok: true, value: text }), options)

const decimal = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A finite decimal number. */
export const number = <const Options extends SecretTypeOptions<number> = object>(
  options?: Options,
): Typed<number, Options> =>
  secretType((text) => {
    const value = Number(text)
    return decimal.test(text) && Number.isFinite(value) ? { ok: true, value } : { ok: false, why: 'is not a number' }
  }, options)

/** `true` or `false`. */
export const boolean = <const Options extends SecretTypeOptions<boolean> = object>(
  options?: Options,
): Typed<boolean, Options> =>
  secretType(
    (text) =>
      text === 'true' || text === 'false'
        ? { ok: true, value: text === 'true' }
        : { ok: false, why: 'is neither true nor false' },
    options,
  )

/** A JSON document that fits the schema; without one, any JSON object. It is frozen. */
export const json = <T = Readonly<Record<string, unknown>>, const Options extends SecretTypeOptions<T> = object>(
  schema?: StandardSchema<T>,
  options?: Options,
): Typed<T, Options> =>
  secretType((text) => {
    const document = parseJson(text)
    if (!schema || !document.ok) return asJsonObject(document) as Parsed<T>
    return validated(schema, document.value)
  }, options)
