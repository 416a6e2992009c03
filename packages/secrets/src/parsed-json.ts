import { revealText, type SecretValue, type SecretVersion } from '@keyplane/core'
import { type Parsed, type StandardSchema, validated } from './standard-schema.ts'

/** By the value: a provider may give one object again and again. */
const parsed = new WeakMap<SecretValue, Parsed<unknown>>()

/** The version's value as JSON, parsed once for as long as the version is cached, and frozen through. */
export const parsedJson = ({ value }: SecretVersion): Parsed<unknown> => {
  const known = parsed.get(value)
  if (known) return known
  const result = parse(value)
  parsed.set(value, result)
  return result
}

const parse = (value: SecretValue): Parsed<unknown> => {
  try {
    return parseJson(revealText(value))
  } catch {
    return { ok: false, why: 'is bytes that are no text' }
  }
}

/** A text as a JSON document, frozen through. */
export const parseJson = (text: string): Parsed<unknown> => {
  try {
    return { ok: true, value: frozen(JSON.parse(text)) }
  } catch {
    // The parser's message quotes the text, so nothing of it is kept.
    return { ok: false, why: 'is not valid JSON' }
  }
}

/** Works through a list instead of calling itself, so that no depth is too deep. */
const frozen = (document: unknown): unknown => {
  const left: unknown[] = [document]
  for (let node = left.pop(); node !== undefined; node = left.pop())
    if (typeof node === 'object' && node !== null)
      for (const inner of Object.values(Object.freeze(node))) left.push(inner)
  return document
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
