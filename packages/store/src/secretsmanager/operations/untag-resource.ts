import type { UntagResourceRequest } from '@keyplane/aws'
import { inputConditions } from '../../access/input-conditions.ts'
import { changeSecret, requireOwned } from '../change-secret.ts'
import { changeAll, isInOtherAccount } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import { listOf, required, type Shape, text } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import { requireAccessWithTags } from '../require-access-with-tags.ts'

export const untagResourceShape: Shape<UntagResourceRequest> = {
  SecretId: secretId,
  TagKeys: required(listOf(text({ min: 1, max: 128 }), { max: 200 })),
}

/** Takes tags off a secret. One that is not there is not missed. */
export const untagResource = async (context: OperationContext, input: UntagResourceRequest): Promise<object> =>
  changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireOwned(found, context.nowMs)
    const { arn } = loaded.secret
    const left = loaded.tags.filter(({ key }) => !input.TagKeys.includes(key))
    if (left.length === loaded.tags.length) return { arn, statements: [], output: {} }
    const conditions = inputConditions.untag(input)
    const change = { action: 'secretsmanager:UntagResource', secretId: input.SecretId, conditions } as const
    await requireAccessWithTags(context, change, left)
    const changed = await changeAll(context, loaded, (member) =>
      member !== loaded && isInOtherAccount(member)
        ? undefined
        : { facts: { tagged: 1 }, statements: context.secrets.retag(member.secret.id, left) },
    )
    return { arn, ...changed, output: {} }
  })
