import type { ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, SecretVersionEntry } from '@keyplane/aws'
import { loadPresent, requirePresent } from '../change-secret.ts'
import { encryptionKeyIds } from '../versions/encryption-key-ids.ts'
import { pagePosition, pageToken } from '../lists/list-page-token.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, type Shape } from '../../parsing/member.ts'
import { nextToken, secretId } from '../../parsing/members.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import { secretTarget } from '../secret-target.ts'
import type { ListedVersion } from '../../storage/versions-table.ts'
import { labelsOf } from '../versions/version-stages.ts'

export const listSecretVersionIdsShape: Shape<ListSecretVersionIdsRequest> = {
  SecretId: secretId,
  MaxResults: integer({ min: 1, max: 100 }),
  NextToken: nextToken,
  IncludeDeprecated: flag(),
}

/** Lists the versions of a secret that have a value, the oldest first; those without a label only if asked for. */
export const listSecretVersionIds = async (
  context: OperationContext,
  input: ListSecretVersionIdsRequest,
): Promise<ListSecretVersionIdsResponse> => {
  const { MaxResults: size = 100, NextToken, IncludeDeprecated: includeDeprecated = false } = input
  const { secret, stages } = requirePresent(await loadPresent(context, secretTarget(input.SecretId, context.caller)))
  const bound = ['ListSecretVersionIds', secret.arn, includeDeprecated]
  const after = NextToken === undefined ? undefined : pagePosition(NextToken, bound, false)
  // One more than fits tells whether there is another page.
  const found = await context.versions.list(secret.id, { includeDeprecated, limit: size + 1, ...(after && { after }) })
  const labels = labelsOf(stages)
  const page = found.slice(0, size)
  const last = page.at(-1)
  const more = found.length > size && last
  return {
    Versions: await Promise.all(page.map((version) => entry(context, version, labels.get(version.version_id)))),
    ...(more && { NextToken: pageToken({ value: last.created_at_ms, id: last.version_id }, bound) }),
    ARN: secret.arn,
    Name: secret.name,
  }
}

const entry = async (
  context: OperationContext,
  version: ListedVersion,
  labels: readonly string[] | undefined,
): Promise<SecretVersionEntry> => ({
  VersionId: version.version_id,
  ...(labels && { VersionStages: labels }),
  ...(version.accessed_at_ms > 0 && { LastAccessedDate: epochSeconds(version.accessed_at_ms) }),
  CreatedDate: epochSeconds(version.created_at_ms),
  KmsKeyIds: await encryptionKeyIds(context, version),
})
