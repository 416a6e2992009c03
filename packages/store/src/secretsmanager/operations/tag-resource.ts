import type { TagResourceRequest } from '@keyplane/aws'
import { inputConditions } from '../../access/input-conditions.ts'
import { changeSecret, requireOwned } from '../change-secret.ts'
import { changeAll, isInOtherAccount } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import { required, type Shape } from '../../parsing/member.ts'
import { secretId, tags } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import { requireAccessWithTags } from '../require-access-with-tags.ts'
import { mergedTags } from '../tags.ts'

export const tagResourceShape: Shape<TagResourceRequest> = { SecretId: secretId, Tags: required(tags) }

/** Adds tags to a secret; a key that is there already gets the new value. */
export const tagResource = async (context: OperationContext, input: TagResourceRequest): Promise<object> =>
  changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireOwned(found, context.nowMs)
    const { arn, id } = loaded.secret
    const merged = mergedTags(loaded.tags, input.Tags, id)
    if (input.Tags.length === 0) return { arn, statements: [], output: {} }
    const conditions = inputConditions.tag(input)
    const change = { action: 'secretsmanager:TagResource', secretId: input.SecretId, conditions } as const
    await requireAccessWithTags(context, change, merged)
    const changed = await changeAll(context, loaded, (member) =>
      member !== loaded && isInOtherAccount(member)
        ? undefined
        : { facts: { tagged: 1 }, statements: context.secrets.retag(member.secret.id, merged) },
    )
    return { arn, ...changed, output: {} }
  })
