import type { Tag } from '@keyplane/aws'
import { awsError } from '../aws-errors.ts'
import type { Session } from '../iam/session-tokens.ts'

/** What a caller asks of a session's tags. */
export interface WantedTags {
  readonly Tags?: readonly Required<Tag>[]
  readonly TransitiveTagKeys?: readonly string[]
}

/** The tags of a session, and the keys of those that sessions made from it inherit. */
export type SessionTags = Pick<Session, 'tags' | 'transitiveTagKeys'>

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const maxTags = 50

/**
 * The tags that are passed, and those that the caller's own session hands on, which cannot be changed on the way. Keys
 * that differ in case alone are the same key. A session has 50 at most, whichever way they came.
 * @throws AwsError ValidationException
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
export const sessionTags = (
  callersOwn: SessionTags | undefined,
  { Tags = [], TransitiveTagKeys = [] }: WantedTags,
): SessionTags => {
  const inherited = inheritedFrom(callersOwn)
  const passed = new Map<string, readonly [string, string]>()
  for (const { Key, Value } of Tags) {
    const key = folded(Key)
    if (key.startsWith('aws:')) throw invalid('Tag keys that begin with aws: are reserved.')
    if (passed.has(key)) throw invalid('Duplicate tag keys found. Please note that tag keys are case insensitive.')
    if (inherited.has(key))
      throw invalid(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      )
    passed.set(key, [Key, Value])
  }
  const all = new Map([...inherited, ...passed])
  if (all.size > maxTags) throw invalid(`A session has at most ${maxTags} tags, inherited ones among them.`)
  for (const key of TransitiveTagKeys)
    if (!all.has(folded(key))) throw invalid('The specified transitive tag key must be included in the requested tags.')
  const transitive = new Set([...inherited.keys(), ...TransitiveTagKeys.map(folded)])
  return {
    tags: Object.fromEntries(all.values()),
    transitiveTagKeys: [...all].filter(([key]) => transitive.has(key)).map(([, [Key]]) => Key),
  }
}

/** By folded key: key and value. */
const inheritedFrom = (own: SessionTags | undefined): ReadonlyMap<string, readonly [string, string]> =>
  new Map(
    own?.transitiveTagKeys.flatMap((key) =>
      Object.hasOwn(own.tags, key) ? [[folded(key), [key, own.tags[key] ?? '']] as const] : [],
    ),
  )

const folded = (key: string): string => key.toLowerCase()

const invalid = (message: string): Error => awsError('ValidationException', message)
