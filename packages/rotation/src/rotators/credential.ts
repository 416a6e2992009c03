import { revealText, SecretsError, type SecretValue, TextValue } from '@keyplane/core'

/** The members of a JSON value, or nothing where the whole text is the secret. */
export const members = (value: SecretValue): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(revealText(value))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Readonly<Record<string, unknown>>
  } catch {
    // What is no JSON is the secret itself.
  }
  return undefined
}

/** @throws SecretsError `source_misconfigured` (`value_shape`) where the value is no JSON object. */
export const requireMembers = (value: SecretValue): Readonly<Record<string, unknown>> => {
  const found = members(value)
  if (found) return found
  throw badShape('is no JSON object')
}

/** The value with other members in it, the rest as it is written: a number may have more digits than JavaScript's. */
export const withMembers = (value: SecretValue, changed: Readonly<Record<string, unknown>>): SecretValue => {
  requireMembers(value)
  const kept = JSON.parse(revealText(value), asWritten) as Readonly<Record<string, unknown>>
  return new TextValue(JSON.stringify({ ...kept, ...changed }))
}

/** @see https://tc39.es/proposal-json-parse-with-source/ */
const asWritten = (_: string, value: unknown, { source }: { readonly source?: string } = {}): unknown =>
  typeof value === 'number' && source !== undefined ? (JSON as typeof JSON & RawJson).rawJSON(source) : value

interface RawJson {
  rawJSON(text: string): unknown
}

/** A member that has to be a text. @throws SecretsError `source_misconfigured` (`value_shape`) */
export const textMember = (value: SecretValue, name: string): string => {
  const found = requireMembers(value)[name]
  if (typeof found === 'string' && found !== '') return found
  throw badShape(`has no text "${name}"`)
}

export const badShape = (why: string): SecretsError =>
  new SecretsError('source_misconfigured', `The secret's value ${why}.`, { reason: 'value_shape' })
