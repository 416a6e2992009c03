import type { OperationContext } from '../operation-context.ts'
import type { LoadedSecret } from '../storage/secrets-table.ts'
import type { TagRow } from '../storage/tables.ts'
import { changeSecret, requireOwned } from './change-secret.ts'
import { changeAll, isInOtherAccount } from './replicas/followers.ts'
import { requireAccessWithTags, type TagChange } from './require-access-with-tags.ts'
import { secretTarget } from './secret-target.ts'

/**
 * Gives a secret, and the replicas that follow it in its account, other tags: those that `tagsAfter` makes of its own,
 * which gives nothing where they stay as they are.
 * @throws AwsError ResourceNotFoundException, InvalidRequestException, InvalidParameterException, AccessDeniedException
 */
export const retagged = (
  context: OperationContext,
  change: TagChange,
  tagsAfter: (loaded: LoadedSecret) => readonly TagRow[] | undefined,
): Promise<object> =>
  changeSecret(context, secretTarget(change.secretId, context.caller), async (found) => {
    const loaded = requireOwned(found, context.nowMs)
    const { arn } = loaded.secret
    const tags = tagsAfter(loaded)
    if (!tags) return { arn, statements: [], output: {} }
    await requireAccessWithTags(context, change, tags)
    const changed = await changeAll(context, loaded, (member) =>
      member !== loaded && isInOtherAccount(member)
        ? undefined
        : { facts: { tagged: 1 }, statements: context.secrets.retag(member.secret.id, tags) },
    )
    return { arn, ...changed, output: {} }
  })
