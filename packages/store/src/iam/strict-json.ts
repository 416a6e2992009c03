/** Gathers what is wrong with a file, each with its place in it. */
export class Problems {
  readonly found: string[] = []

  add(at: string, why: string): void {
    this.found.push(`${at === '' ? 'the file' : at} ${why}`)
  }

  /** An object with these members and no others. */
  object(value: unknown, at: string, known: readonly string[]): Readonly<Record<string, unknown>> {
    const members = this.entries(value, at)
    for (const key of Object.keys(members))
      if (!known.includes(key)) this.add(at, `has an unknown member ${JSON.stringify(key)}; known: ${known.join(', ')}`)
    return members
  }

  /** An object with members of any name. */
  entries(value: unknown, at: string): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    this.add(at, 'is not an object')
    return {}
  }

  /** A list; nothing for a member that is not there. */
  list(value: unknown, at: string): readonly unknown[] {
    if (value === undefined) return []
    if (Array.isArray(value)) return value
    this.add(at, 'is not a list')
    return []
  }

  text(value: unknown, at: string, { pattern, wanted }: TextRule): string {
    if (typeof value === 'string' && pattern.test(value)) return value
    this.add(at, `has to be ${wanted}`)
    return ''
  }

  integer(value: unknown, at: string, { min, max }: { readonly min: number; readonly max: number }): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    this.add(at, `has to be a whole number, ${min}–${max}`)
    return min
  }
}

/** What a text has to be, for the machine and for people. */
export interface TextRule {
  readonly pattern: RegExp
  readonly wanted: string
}
