import { revealText, SecretsError, type SecretVersion } from '@keyplane/core'
import { asJsonObject, parsedJson } from '../parsed-json.ts'
import type { SecretReference } from './reference.ts'

/**
 * The text that a reference means: the whole value, or one field of its JSON object. A number or a flag is given as it is
 * written, an object or a list as JSON.
 * @throws SecretsError `bad_response` where the value has no such field, without the value.
 */
export const referredText = ({ field, ref }: SecretReference, version: SecretVersion): string => {
  if (field === undefined) return revealText(version.value)
  const document = asJsonObject(parsedJson(version))
  if (!document.ok) throw missing(ref.id, `${document.why}, so it has no field ${JSON.stringify(field)}`)
  const found = Object.hasOwn(document.value, field) ? document.value[field] : atPath(document.value, field.split('.'))
  if (found === undefined || found === null) throw missing(ref.id, `has no field ${JSON.stringify(field)}`)
  return typeof found === 'string' ? found : JSON.stringify(found)
}

const atPath = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  )

const missing = (id: string, what: string): SecretsError =>
  new SecretsError('bad_response', `The secret ${JSON.stringify(id)} ${what}.`)
