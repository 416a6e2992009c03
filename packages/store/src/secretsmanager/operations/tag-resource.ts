import type { TagResourceRequest } from '@keyplane/aws'
import { inputConditions } from '../../access/input-conditions.ts'
import type { OperationContext } from '../../operation-context.ts'
import { required, type Shape } from '../../parsing/member.ts'
import { secretId, tags } from '../../parsing/members.ts'
import { retagged } from '../retagged.ts'
import { mergedTags } from '../tags.ts'

export const tagResourceShape: Shape<TagResourceRequest> = { SecretId: secretId, Tags: required(tags) }

/** Adds tags to a secret; a key that is there already gets the new value. */
export const tagResource = async (context: OperationContext, input: TagResourceRequest): Promise<object> => {
  const conditions = inputConditions.tag(input)
  const change = { action: 'secretsmanager:TagResource', secretId: input.SecretId, conditions } as const
  return retagged(context, change, (loaded) => {
    const merged = mergedTags(loaded.tags, input.Tags, loaded.secret.id)
    return input.Tags.length === 0 ? undefined : merged
  })
}
