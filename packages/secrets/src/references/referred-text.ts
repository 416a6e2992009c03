import { revealText, SecretsError, type SecretVersion } from '@keyplane/core'
import { fieldText } from './field-text.ts'
import type { SecretReference } from './reference.ts'

/**
 * The text that a reference means: the whole value, or one field of its JSON object. A number or a flag is given as it is
 * written, an object or a list as JSON.
 * @throws SecretsError `bad_response` where the value has no such field, without the value.
 */
export const referredText = ({ field, ref }: SecretReference, version: SecretVersion): string => {
  if (field === undefined) return revealText(version.value)
  const found = fieldText(version, field)
  if (found.ok) return found.value
  throw new SecretsError('bad_response', `The secret ${JSON.stringify(ref.id)} ${found.why}.`)
}
