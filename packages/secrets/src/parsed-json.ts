import { revealText, type SecretVersion } from '@keyplane/core'
import { type Parsed, type StandardSchema, validated } from './standard-schema.ts'

const parsed = new WeakMap<SecretVersion, Parsed<unknown>>()

/** The version's value as JSON, parsed once for as long as the version is cached, and frozen through. */
export const parsedJson = (version: SecretVersion): Parsed<unknown> => {
  const known = parsed.get(version)
  if (known) return known
  const result = parseJson(revealText(version.value))
  parsed.set(version, result)
  return result
}

/** A text as a JSON document, frozen through. */
export const parseJson = (text: string): Parsed<unknown> => {
  try {
    return { ok: true, value: JSON.parse(text, (_key, value) => Object.freeze(value)) }
  } catch {
    // The parser's message quotes the text, so nothing of it is kept.
    return { ok: false, why: 'is not valid JSON' }
  }
}

/** What `getSecretJson` gives without a schema: an object, which a list is not. */
export const asJsonObject = (document: Parsed<unknown>): Parsed<Readonly<Record<string, unknown>>> => {
  if (!document.ok) return document
  const { value } = document
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject
    ? { ok: true, value: value as Readonly<Record<string, unknown>> }
    : { ok: false, why: 'is not a JSON object' }
}

/** The version's JSON document as its schema gives it; without one it has to be an object. */
export const documentOf = <T>(
  version: SecretVersion,
  schema: StandardSchema<T> | undefined,
): Parsed<T> | Promise<Parsed<T>> => {
  const document = parsedJson(version)
  if (!schema || !document.ok) return asJsonObject(document) as Parsed<T>
  return validated(schema, document.value)
}
