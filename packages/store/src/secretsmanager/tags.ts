import type { Tag } from '@keyplane/aws'
import { awsError } from '../aws-errors.ts'
import type { TagRow } from '../storage/tables.ts'

/** AWS: at most 50 tags on a secret. @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html */
const maxTags = 50
const tooMany = `A secret can have at most ${maxTags} tags.`

/**
 * The tags of a new secret as rows.
 * @throws AwsError InvalidParameterException for a key that is missing, reserved or there twice; LimitExceededException
 * for more than 50.
 */
export const newTags = (tags: readonly Tag[], secretId: string): readonly TagRow[] => {
  const rows = tagRows(tags, secretId)
  if (rows.length > maxTags) throw awsError('LimitExceededException', tooMany)
  return rows
}

const tagRows = (tags: readonly Tag[], secretId: string): readonly TagRow[] => {
  const keys = new Set<string>()
  for (const { Key } of tags) {
    if (Key === undefined) throw awsError('InvalidParameterException', 'A tag must have a key.')
    if (/^aws:/i.test(Key))
      throw awsError('InvalidParameterException', 'Tag keys that begin with aws: are reserved for AWS.')
    if (keys.has(Key.toLowerCase())) throw awsError('InvalidParameterException', 'Each tag key may be given only once.')
    // Policies compare keys without regard to case: of two that differ in nothing else, which one counts would be chance.
    keys.add(Key.toLowerCase())
  }
  return tags.map(({ Key = '', Value = '' }, position) => ({ secret_id: secretId, key: Key, value: Value, position }))
}

/**
 * A secret's tags with others added: those that are there keep their place, new ones follow.
 * @throws AwsError InvalidParameterException for what is no tag, or more than 50.
 */
export const mergedTags = (tags: readonly TagRow[], added: readonly Tag[], secretId: string): readonly TagRow[] => {
  const rows = tagRows(added, secretId)
  const spelled = new Map(tags.map(({ key }) => [key.toLowerCase(), key]))
  for (const { key } of rows)
    if ((spelled.get(key.toLowerCase()) ?? key) !== key)
      throw awsError('InvalidParameterException', 'The secret has a tag whose key differs from this one in case only.')
  const merged = new Map([...tags, ...rows].map((tag) => [tag.key, tag]))
  // TagResource has no error of its own for a limit.
  if (merged.size > maxTags) throw awsError('InvalidParameterException', tooMany)
  return [...merged.values()].map(({ key, value }, position) => ({ secret_id: secretId, key, value, position }))
}
