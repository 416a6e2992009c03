import { awsError } from '../aws-errors.ts'
import type { KmsTagRow } from '../storage/tables.ts'
import type { KmsTag } from './members.ts'

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html */
export const maxKeyTags = 50

/**
 * Checks the tags that a key is to get besides those that it has. Conditions compare tag keys without regard to case, so
 * two that differ in nothing else would be one tag to them.
 * @throws AwsError TagException for a key that is reserved or there twice, LimitExceededException
 */
export const requireKeyTags = (given: readonly KmsTag[], known: readonly Pick<KmsTagRow, 'key'>[] = []): void => {
  const spelled = new Map(known.map(({ key }) => [key.toLowerCase(), key]))
  const seen = new Set<string>()
  for (const { TagKey } of given) {
    const name = TagKey.toLowerCase()
    if (name.startsWith('aws:')) throw awsError('TagException', 'Tag keys that begin with aws: are reserved for AWS.')
    if (seen.has(name)) throw awsError('TagException', 'Each tag key may be given only once.')
    if ((spelled.get(name) ?? TagKey) !== TagKey)
      throw awsError('TagException', 'The key has a tag whose key differs from this one in case only.')
    seen.add(name)
    spelled.set(name, TagKey)
  }
  if (spelled.size > maxKeyTags) throw awsError('LimitExceededException', `A key has at most ${maxKeyTags} tags.`)
}
