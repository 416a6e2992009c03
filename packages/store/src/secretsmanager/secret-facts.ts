import type { SecretFacts } from '@keyplane/aws'
import type { SecretRow, TagRow } from '../storage/tables.ts'

/** Epoch seconds with milliseconds as a fraction. */
export const seconds = (ms: number): number => ms / 1000

/** What DescribeSecret and ListSecrets say of a secret alike. What has no value is left out. */
export const secretFacts = (secret: SecretRow, tags: readonly TagRow[]): SecretFacts => ({
  ARN: secret.arn,
  Name: secret.name,
  ...(secret.description !== '' && { Description: secret.description }),
  ...(secret.type !== '' && { Type: secret.type }),
  ...(secret.kms_key !== '' && { KmsKeyId: secret.kms_key }),
  CreatedDate: seconds(secret.created_at_ms),
  LastChangedDate: seconds(secret.changed_at_ms),
  ...(secret.accessed_at_ms > 0 && { LastAccessedDate: seconds(secret.accessed_at_ms) }),
  ...(secret.deleted_at_ms !== null && { DeletedDate: seconds(secret.deleted_at_ms) }),
  ...(secret.primary_region !== null && { PrimaryRegion: secret.primary_region }),
  // Once there were tags their list is given, be it empty.
  ...(secret.tagged === 1 && { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }),
})
