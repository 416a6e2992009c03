import { revealText, type SecretVersion } from '@keyplane/core'

/** A frozen JSON document, or that there is none: never the text itself. */
export type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false }

const parsed = new WeakMap<SecretVersion, ParsedJson>()

/** The version's value as JSON, parsed once for as long as the version is cached, and frozen through. */
export const parsedJson = (version: SecretVersion): ParsedJson => {
  const known = parsed.get(version)
  if (known) return known
  const result = parse(revealText(version.value))
  parsed.set(version, result)
  return result
}

const parse = (text: string): ParsedJson => {
  try {
    return { ok: true, value: JSON.parse(text, (_key, value) => Object.freeze(value)) }
  } catch {
    // The parser's message quotes the text, so nothing of it is kept.
    return { ok: false }
  }
}
