import type { UntagResourceRequest } from '@keyplane/aws'
import { inputConditions } from '../../access/input-conditions.ts'
import type { OperationContext } from '../../operation-context.ts'
import { listOf, required, type Shape, text } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { retagged } from '../retagged.ts'

export const untagResourceShape: Shape<UntagResourceRequest> = {
  SecretId: secretId,
  TagKeys: required(listOf(text({ min: 1, max: 128 }), { max: 200 })),
}

/** Takes tags off a secret. One that is not there is not missed. */
export const untagResource = async (context: OperationContext, input: UntagResourceRequest): Promise<object> => {
  const conditions = inputConditions.untag(input)
  const change = { action: 'secretsmanager:UntagResource', secretId: input.SecretId, conditions } as const
  return retagged(context, change, ({ tags }) => {
    const left = tags.filter(({ key }) => !input.TagKeys.includes(key))
    return left.length === tags.length ? undefined : left
  })
}
