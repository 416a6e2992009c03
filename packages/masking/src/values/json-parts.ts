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

const quotationMark = 34
const backslash = 92
const longNumbers = /\d{8,}/g
const longNumber = /^\d{8,}$/

/**
 * What stands in the JSON as it is: texts without escapes, and long numbers. Each is a slice of the whole, which costs no
 * memory of its own. One pass, for there may be a part every few characters.
 */
const slicesOf = (whole: string): ReadonlyMap<string, string> => {
  const slices = new Map<string, string>()
  const put = (slice: string): unknown => slices.set(slice, slice)
  for (const [run] of whole.matchAll(longNumbers)) put(run)
  for (let start = whole.indexOf('"'); start !== -1; ) {
    let end = start + 1
    let isEscaped = false
    for (let code = whole.charCodeAt(end); code !== quotationMark; code = whole.charCodeAt(end)) {
      if (code === backslash) isEscaped = true
      end += code === backslash ? 2 : 1
    }
    if (!isEscaped) put(whole.slice(start + 1, end))
    start = whole.indexOf('"', end + 1)
  }
  return slices
}

/** The texts, and the numbers of 8 digits and more, in a value that is a JSON object or array; none in any other. */
export const jsonParts = (whole: string): readonly string[] => {
  const root = parse(whole)
  if (root === undefined) return []
  const slices = slicesOf(whole)
  const parts = new Set<string>()
  const left: unknown[] = [root]
  while (left.length > 0) {
    const node = left.pop()
    if (typeof node === 'string') parts.add(slices.get(node) ?? node)
    else if (typeof node === 'number') {
      const digits = String(node)
      if (longNumber.test(digits) && slices.has(digits)) parts.add(slices.get(digits) ?? digits)
    } else if (typeof node === 'object' && node !== null)
      for (const [field, value] of Object.entries(node) as [string, unknown][])
        if (Array.isArray(node) || typeof value === 'object' || !openFields.has(field.toLowerCase())) left.push(value)
  }
  return [...parts]
}
