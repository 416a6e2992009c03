/** A value as an element: members of an object are elements, items of a list are `member` elements. */
export const xmlOf = (name: string, value: unknown): string => {
  if (Array.isArray(value))
    return element(
      name,
      '',
      value.map((item) => xmlOf('member', item)),
    )
  if (typeof value !== 'object' || value === null) return leaf(name, String(value))
  return element(
    name,
    '',
    Object.entries(value).map(([member, inner]) => xmlOf(member, inner)),
  )
}

export const element = (name: string, attributes: string, children: readonly string[]): string =>
  `<${name}${attributes}>${children.join('')}</${name}>`

export const leaf = (name: string, value: string): string => element(name, '', [escaped(value)])

/** Characters that XML 1.0 cannot hold, not even escaped, are left out. */
const escaped = (value: string): string =>
  value
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
