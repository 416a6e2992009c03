import type { ExternalSecretRotationMetadataItem, RotationRules } from './rotation.ts'
import type { Tag } from './tag.ts'

/** What DescribeSecret and each entry of ListSecrets say alike. A member without a value is left out. Dates: epoch seconds. */
export interface SecretFacts {
  readonly ARN?: string
  readonly Name?: string
  /** The partner of a managed external secret. */
  readonly Type?: string
  readonly Description?: string
  readonly KmsKeyId?: string
  readonly RotationEnabled?: boolean
  readonly RotationLambdaARN?: string
  readonly RotationRules?: RotationRules
  readonly ExternalSecretRotationMetadata?: readonly ExternalSecretRotationMetadataItem[]
  readonly ExternalSecretRotationRoleArn?: string
  readonly LastRotatedDate?: number
  readonly LastChangedDate?: number
  /** Cut to the day. */
  readonly LastAccessedDate?: number
  /** When the deletion was asked for; its presence means that the secret is going. */
  readonly DeletedDate?: number
  readonly NextRotationDate?: number
  readonly Tags?: readonly Tag[]
  readonly OwningService?: string
  readonly CreatedDate?: number
  readonly PrimaryRegion?: string
}
