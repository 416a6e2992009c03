/**
 * Fields that are documented as no secret, in the secrets that AWS makes for its databases and in Google's service
 * account keys. Values like `postgres` would otherwise be missing in every log.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 * @see https://cloud.google.com/iam/docs/keys-create-delete
 */
const openFields: ReadonlySet<string> = new Set([
  'auth_provider_x509_cert_url',
  'auth_uri',
  'client_email',
  'client_x509_cert_url',
  'dbclusteridentifier',
  'dbinstanceidentifier',
  'dbname',
  'engine',
  'host',
  'masterarn',
  'port',
  'project_id',
  'token_uri',
  'type',
  'universe_domain',
  'username',
])

const parse = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A part without escapes is a slice of the whole, which costs no memory of its own. */
const sliceOf = (whole: string, part: string): string => {
  const at = whole.indexOf(part)
  return at === -1 ? part : whole.slice(at, at + part.length)
}

const textOfNumber = (value: unknown, whole: string): string | undefined => {
  const text = typeof value === 'number' ? String(value) : undefined
  return text !== undefined && /^\d{8,}$/.test(text) && whole.includes(text) ? text : undefined
}

/** The texts, and the numbers of 8 digits and more, in a value that is a JSON object or array; none in any other. */
export const jsonParts = (whole: string): readonly string[] => {
  const parts = new Set<string>()
  const left: unknown[] = [parse(whole)]
  while (left.length > 0) {
    const node = left.pop()
    if (typeof node === 'object' && node !== null) {
      for (const [field, value] of Object.entries(node) as [string, unknown][])
        if (Array.isArray(node) || typeof value === 'object' || !openFields.has(field.toLowerCase())) left.push(value)
    } else {
      const text = typeof node === 'string' ? node : textOfNumber(node, whole)
      if (text !== undefined) parts.add(sliceOf(whole, text))
    }
  }
  return [...parts]
}
