import { SecretsError, type SecretValue } from '@keyplane/core'
import { exactText } from './exact-text.ts'

/** The reason of a failure where the secret is there and the field is not. */
export const noField = 'no_field'

/**
 * One field of a secret that is a JSON document: a text as it is, anything else as JSON.
 * @throws SecretsError `invalid_request` where it is no such document or, with the reason `no_field`, has no such
 * field; never with the value.
 */
export const fieldOf = (value: SecretValue, field: string, name: string): string => {
  const document = parse(exactText(value)?.replace(/^\ufeff/, ''), name)
  if (!Object.hasOwn(document, field))
    throw new SecretsError(
      'invalid_request',
      `The secret ${JSON.stringify(name)} has no field ${JSON.stringify(field)}.`,
      { reason: noField },
    )
  const found = document[field]
  return typeof found === 'string' ? found : JSON.stringify(found)
}

const parse = (text: string | undefined, name: string): Readonly<Record<string, unknown>> => {
  let document: unknown
  try {
    document = text === undefined ? undefined : JSON.parse(text)
  } catch {
    // The parser's message quotes the text.
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document))
    return document as Readonly<Record<string, unknown>>
  throw new SecretsError(
    'invalid_request',
    `The secret ${JSON.stringify(name)} is no JSON document, so it has no fields.`,
  )
}
