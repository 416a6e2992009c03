import type { ListSecretsFilter } from '@keyplane/aws'
import { awsError } from './aws-errors.ts'
import type { SecretRow, TagRow } from './storage/tables.ts'

/** Whether a secret is to be listed. */
export type SecretMatcher = (secret: SecretRow, tags: readonly TagRow[]) => boolean

type Texts = (secret: SecretRow, tags: readonly TagRow[]) => readonly string[]
type Compare = (pattern: string, text: string) => boolean

/**
 * Words of a text, in lower case: split at what is no letter or digit, and where a lower-case letter is followed by an
 * upper-case one. A run of capitals stays together but for its last before a lower-case letter.
 */
const wordsOf = (text: string): readonly string[] =>
  (text.match(/\p{Lu}+(?!\p{Ll})\p{N}*|\p{Lu}?[\p{Ll}\p{Lo}\p{N}]+/gu) ?? []).map((word) => word.toLowerCase())

const beginsWith: Compare = (pattern, text) => text.startsWith(pattern)

/** Each word of the pattern is the beginning of some word of the text. */
const hasWords: Compare = (pattern, text) => {
  const [wanted, words] = [wordsOf(pattern), wordsOf(text)]
  return wanted.length > 0 && wanted.every((prefix) => words.some((word) => word.startsWith(prefix)))
}

const keysOf: Texts = (_, tags) => tags.map(({ key }) => key)
const valuesOf: Texts = (_, tags) => tags.map(({ value }) => value)

const rules: Readonly<Record<NonNullable<ListSecretsFilter['Key']>, { readonly of: Texts; readonly by: Compare }>> = {
  name: { of: ({ name }) => [name], by: beginsWith },
  description: { of: ({ description }) => [description], by: hasWords },
  'tag-key': { of: keysOf, by: beginsWith },
  'tag-value': { of: valuesOf, by: beginsWith },
  'primary-region': { of: ({ region }) => [region], by: beginsWith },
  'owning-service': { of: () => [], by: beginsWith },
  all: {
    of: (secret, tags) => [secret.name, secret.description, ...keysOf(secret, tags), ...valuesOf(secret, tags)],
    by: hasWords,
  },
}

/**
 * The filters as one test: all filters hold, and of each one some value; a value that begins with `!` holds where the
 * rest of it does not.
 * @throws AwsError InvalidParameterException for a filter without key or values.
 */
export const secretMatcher = (filters: readonly ListSecretsFilter[]): SecretMatcher => {
  const tests = filters.map(({ Key, Values = [] }): SecretMatcher => {
    if (Key === undefined) throw awsError('InvalidParameterException', 'Invalid filter key')
    if (Values.length === 0) throw awsError('InvalidParameterException', `Invalid filter values for key: ${Key}`)
    const { of, by } = rules[Key]
    return (secret, tags) => {
      const texts = of(secret, tags)
      return Values.some((value) =>
        value.startsWith('!') ? !texts.some((text) => by(value.slice(1), text)) : texts.some((text) => by(value, text)),
      )
    }
  })
  return (secret, tags) => tests.every((test) => test(secret, tags))
}
