import type { Tag } from '@keyplane/aws'
import { awsError } from './aws-errors.ts'
import type { TagRow } from './storage/tables.ts'

/** AWS: at most 50 tags on a secret. @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html */
const maxTags = 50

/**
 * The tags of an input as rows.
 * @throws AwsError InvalidParameterException for a key that is missing, reserved or there twice; LimitExceededException
 * for more than 50.
 */
export const requireTags = (tags: readonly Tag[], secretId: string): readonly TagRow[] => {
  const keys = new Set<string>()
  for (const { Key } of tags) {
    if (Key === undefined) throw awsError('InvalidParameterException', 'A tag must have a key.')
    if (/^aws:/i.test(Key))
      throw awsError('InvalidParameterException', 'Tag keys that begin with aws: are reserved for AWS.')
    if (keys.has(Key)) throw awsError('InvalidParameterException', 'Each tag key may be given only once.')
    keys.add(Key)
  }
  if (keys.size > maxTags) throw awsError('LimitExceededException', `A secret can have at most ${maxTags} tags.`)
  return tags.map(({ Key = '', Value = '' }, position) => ({ secret_id: secretId, key: Key, value: Value, position }))
}
