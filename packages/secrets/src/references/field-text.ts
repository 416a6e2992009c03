import type { SecretVersion } from '@keyplane/core'
import { asJsonObject, parsedJson } from '../parsed-json.ts'
import type { Parsed } from '../standard-schema.ts'

/**
 * One field of a version's JSON object as text: a text as it is, a number or a flag as it is written, an object or a list
 * as JSON. Where the object has no such key, the name is a path of keys joined by dots; null is no field. What is wrong
 * holds nothing of the value.
 */
export const fieldText = (version: SecretVersion, field: string): Parsed<string> => {
  const name = JSON.stringify(field)
  const document = asJsonObject(parsedJson(version))
  if (!document.ok) return { ok: false, why: `${document.why}, so it has no field ${name}` }
  const found = Object.hasOwn(document.value, field) ? document.value[field] : atPath(document.value, field.split('.'))
  if (found === undefined || found === null) return { ok: false, why: `has no field ${name}` }
  return { ok: true, value: typeof found === 'string' ? found : JSON.stringify(found) }
}

const atPath = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  )
