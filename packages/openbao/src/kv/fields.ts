import { BytesValue, SecretsError, type SecretValue, TextValue } from '@keyplane/core'

export type Fields = Readonly<Record<string, unknown>>

const textField = 'value'
const bytesField = 'value_base64'

const isStrings = (fields: Fields): fields is Readonly<Record<string, string>> =>
  Object.values(fields).every((field) => typeof field === 'string')

/** A field's text. @throws SecretsError `bad_response` for one so deep that it has no text here. */
const jsonOfField = (field: unknown): string => {
  try {
    return JSON.stringify(field)
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    throw new SecretsError('bad_response', "OpenBao's answer is nested too deeply to be read.", { source: 'openbao' })
  }
}

/** The map's text, with its names in OpenBao's order: as it is read back. */
const jsonOf = (fields: Fields): string => {
  const names = Object.keys(fields).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${names.map((name) => `${JSON.stringify(name)}:${jsonOfField(fields[name])}`).join(',')}}`
}

/** The one field's text, where a map has one field and it is a text. */
const only = (fields: Fields, name: string): string | undefined => {
  const field = Object.hasOwn(fields, name) && Object.keys(fields).length === 1 ? fields[name] : undefined
  return typeof field === 'string' ? field : undefined
}

const bytesOf = (base64: string): Uint8Array | undefined => {
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : undefined
}

/**
 * A map of fields as a secret's value: the text of its only field `value`, the bytes of its only field `value_base64`,
 * else the whole map as JSON.
 * @throws SecretsError `bad_response` for a map that is nested too deeply.
 */
export const valueOfFields = (fields: Fields): SecretValue => {
  const text = only(fields, textField)
  if (text !== undefined) return new TextValue(text)
  const base64 = only(fields, bytesField)
  const bytes = base64 === undefined ? undefined : bytesOf(base64)
  return bytes ? new BytesValue(bytes) : new TextValue(jsonOf(fields))
}

/** The fields that a JSON text stands for, where it is an object of texts that reads back as the same object. */
const fieldsIn = (text: string): Readonly<Record<string, string>> | undefined => {
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields) || !isStrings(fields as Fields))
    return undefined
  const given = fields as Readonly<Record<string, string>>
  const names = Object.keys(given)
  const isPlain = names.length === 0 || only(given, textField) !== undefined || only(given, bytesField) !== undefined
  // A name that is there twice would be lost.
  const strings = text.match(/"(?:[^"\\]|\\.)*"/g)?.length ?? 0
  return isPlain || names.includes('') || strings !== names.length * 2 ? undefined : given
}

/**
 * A secret's value as a map of texts: the fields of a JSON object of texts, else one field. Only texts are written, since
 * OpenBao's audit log shows numbers and booleans as they are. `valueOfFields` gives an equal value back; a JSON object's
 * white space and order are OpenBao's own.
 * @throws SecretsError `invalid_request` for a text that is no Unicode, which OpenBao would change.
 */
export const fieldsOfValue = (value: SecretValue): Readonly<Record<string, string>> => {
  if (value.kind === 'bytes') return { [bytesField]: Buffer.from(value.reveal()).toString('base64') }
  const text = value.reveal()
  const fields = fieldsIn(text) ?? { [textField]: text }
  if (
    !Object.entries(fields)
      .flat()
      .some((part) => /\p{Cs}/u.test(part))
  )
    return fields
  throw new SecretsError('invalid_request', 'The value is no Unicode text (half a surrogate pair); write it as bytes.')
}

/** Whether a map that was read is the one that was written. */
export const sameFields = (written: Readonly<Record<string, string>>, read: Fields): boolean =>
  jsonOf(written) === jsonOf(read)
