import type { SecretFacts } from '@keyplane/aws'
import { epochSeconds } from '../epoch-seconds.ts'
import type { SecretRotationRow } from '../storage/tables.ts'
import { anchorOf, shownRules } from './next-rotation.ts'

/** What DescribeSecret and ListSecrets say of how a secret is rotated; nothing where it never was to be. */
export const rotationFacts = (row: SecretRotationRow | undefined): SecretFacts => {
  if (!row) return {}
  const rules = shownRules(row, anchorOf(row))
  return {
    RotationEnabled: row.enabled === 1,
    RotationLambdaARN: row.function_arn,
    ...(rules && { RotationRules: rules }),
    ...(row.rotated_at_ms !== null && { LastRotatedDate: epochSeconds(row.rotated_at_ms) }),
    ...(row.enabled === 1 && row.next_at_ms !== null && { NextRotationDate: epochSeconds(row.next_at_ms) }),
  }
}
