import type { SecretFacts } from '@keyplane/aws'
import { epochSeconds } from '../epoch-seconds.ts'
import type { SecretRow, TagRow } from '../storage/tables.ts'

/** What DescribeSecret and ListSecrets say of a secret alike. What has no value is left out. */
export const secretFacts = (secret: SecretRow, tags: readonly TagRow[]): SecretFacts => ({
  ARN: secret.arn,
  Name: secret.name,
  ...(secret.description !== '' && { Description: secret.description }),
  ...(secret.type !== '' && { Type: secret.type }),
  ...(secret.kms_key !== '' && { KmsKeyId: secret.kms_key }),
  CreatedDate: epochSeconds(secret.created_at_ms),
  LastChangedDate: epochSeconds(secret.changed_at_ms),
  ...(secret.accessed_at_ms > 0 && { LastAccessedDate: epochSeconds(secret.accessed_at_ms) }),
  ...(secret.deleted_at_ms !== null && { DeletedDate: epochSeconds(secret.deleted_at_ms) }),
  ...(secret.primary_region !== null && { PrimaryRegion: secret.primary_region }),
  // Once there were tags their list is given, be it empty.
  ...(secret.tagged === 1 && { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }),
})
