/** What is wrong with a document, and where: `Statement[0].Action[1]`. */
export interface PolicyProblem {
  /** Empty for the document as a whole. */
  readonly path: string
  /** Goes on from the path: `has to be a list`. Never more of the document than the name of one member. */
  readonly message: string
}

/** Takes note of a problem. */
export type Report = (path: string, message: string) => void

/** An object with no members but these; `undefined`, and reported, for anything else. */
export const objectAt = (
  value: unknown,
  path: string,
  known: readonly string[] | undefined,
  report: Report,
): Readonly<Record<string, unknown>> | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(path, 'has to be an object')
    return undefined
  }
  for (const name of Object.keys(value))
    if (known !== undefined && !known.includes(name))
      report(path, `has an unknown member ${nameShown(name)}; known: ${known.join(', ')}`)
  return value as Record<string, unknown>
}

/** Text or a list of texts, as a list; `undefined`, and reported, for anything else. */
export const textsAt = (value: unknown, path: string, report: Report): readonly string[] | undefined => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const wrong = list.findIndex((item) => typeof item !== 'string')
  // A copy: what is parsed is frozen, and the document is the caller's.
  if (wrong < 0) return [...(list as readonly string[])]
  report(Array.isArray(value) ? `${path}[${wrong}]` : path, 'has to be text')
  return undefined
}

/** The path of an item of `textsAt`. */
export const itemPath = (value: unknown, path: string, index: number): string =>
  Array.isArray(value) ? `${path}[${index}]` : path

/** The name of a member as messages show it: cut where it is long. */
export const nameShown = (name: string): string => JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name)
