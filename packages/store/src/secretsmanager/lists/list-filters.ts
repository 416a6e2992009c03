import type { ListSecretsFilter } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import type { SecretRow, TagRow } from '../../storage/tables.ts'

/** Whether a secret is to be listed. */
export interface SecretMatcher {
  (secret: SecretRow, tags: readonly TagRow[]): boolean
  /** How many comparisons a secret may take. */
  readonly cost: number
}

/** A secret as filters see it: each kind of text is split into words once, however many values ask for them. */
class Texts {
  readonly secret: SecretRow
  readonly keys: readonly string[]
  readonly values: readonly string[]
  readonly #words = new Map<string, readonly string[]>()

  constructor(secret: SecretRow, tags: readonly TagRow[]) {
    this.secret = secret
    this.keys = tags.map(({ key }) => key)
    this.values = tags.map(({ value }) => value)
  }

  /** In order. */
  words(text: string): readonly string[] {
    const known = this.#words.get(text)
    if (known) return known
    const words = wordsOf(text).toSorted(byCodeUnits)
    this.#words.set(text, words)
    return words
  }
}

type Test = (texts: Texts) => boolean

/** A filter's value, read once a call. */
interface Pattern {
  readonly test: Test
  readonly cost: number
}

/**
 * Words of a text, in lower case: split at what is no letter or digit, and where a lower-case letter is followed by an
 * upper-case one. A run of capitals stays together but for its last before a lower-case letter.
 */
const wordsOf = (text: string): readonly string[] =>
  (text.match(/\p{Lu}+(?!\p{Ll})\p{N}*|\p{Lu}?[\p{Ll}\p{Lo}\p{N}]+/gu) ?? []).map((word) => word.toLowerCase())

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

type Of = (texts: Texts) => readonly string[]

/** The pattern is the beginning of some text. */
const beginning =
  (of: Of) =>
  (pattern: string): Pattern => ({
    test: (texts) => of(texts).some((text) => text.startsWith(pattern)),
    cost: 1,
  })

/** Each word of the pattern is the beginning of some word of one of the texts. */
const words =
  (of: Of) =>
  (pattern: string): Pattern => {
    const wanted = [...new Set(wordsOf(pattern))]
    return {
      test: (texts) =>
        wanted.length > 0 &&
        of(texts).some((text) => {
          const found = texts.words(text)
          return wanted.every((prefix) => hasPrefix(found, prefix))
        }),
      // Splitting the texts costs more than looking for a word in them.
      cost: 20 + wanted.length,
    }
  }

/** Whether one of the words, which are in order, begins with the prefix: if any does, the first that is not before it. */
const hasPrefix = (sorted: readonly string[], prefix: string): boolean => {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] ?? '') < prefix) from = middle + 1
    else to = middle
  }
  return sorted[from]?.startsWith(prefix) ?? false
}

const rules: Readonly<Record<NonNullable<ListSecretsFilter['Key']>, (pattern: string) => Pattern>> = {
  name: beginning(({ secret }) => [secret.name]),
  description: words(({ secret }) => [secret.description]),
  'tag-key': beginning(({ keys }) => keys),
  'tag-value': beginning(({ values }) => values),
  'primary-region': beginning(({ secret }) => (secret.primary_region === null ? [] : [secret.primary_region])),
  'owning-service': beginning(() => []),
  all: words(({ secret, keys, values }) => [secret.name, secret.description, ...keys, ...values]),
}

/**
 * The filters as one test: all filters hold, and of each one some value; a value that begins with `!` holds where the
 * rest of it does not.
 * @throws AwsError InvalidParameterException for a filter without key or values.
 */
export const secretMatcher = (filters: readonly ListSecretsFilter[]): SecretMatcher => {
  let cost = 0
  const tests = filters.map(({ Key, Values = [] }): Test => {
    if (Key === undefined) throw awsError('InvalidParameterException', 'Invalid filter key')
    if (Values.length === 0) throw awsError('InvalidParameterException', `Invalid filter values for key: ${Key}`)
    const patterns = Values.map((value): Test => {
      const isNot = value.startsWith('!')
      const pattern = rules[Key](isNot ? value.slice(1) : value)
      cost += pattern.cost
      return isNot ? (texts) => !pattern.test(texts) : pattern.test
    })
    return (texts) => patterns.some((test) => test(texts))
  })
  const matches = (secret: SecretRow, tags: readonly TagRow[]): boolean => {
    const texts = new Texts(secret, tags)
    return tests.every((test) => test(texts))
  }
  return Object.assign(matches, { cost })
}
