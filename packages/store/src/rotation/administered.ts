import { createHash } from 'node:crypto'
import type { SecretValue } from '@keyplane/core'
import type { SecretRotationRow } from '../storage/tables.ts'
import { hasTwoUsers, takesAdmin } from './built-in-rotators.ts'

/**
 * The secret of an administrator, and whom he changes; nulls where there is none, and for functions: they read what they
 * may. The value is sealed: of its user only a digest is kept.
 */
export type Administered = Pick<SecretRotationRow, 'master_arn' | 'user_digest'>

export const nobody: Administered = { master_arn: null, user_digest: null }

/** What a value says of it, by the member that AWS's rotation functions know. Of two users by turns it is the first. */
export const administered = (
  value: SecretValue,
  { secretId, functionArn }: { readonly secretId: string; readonly functionArn: string },
): Administered => {
  if (value.kind !== 'text') return nobody
  try {
    const { masterarn, username, dbname } = JSON.parse(value.reveal()) as Readonly<Record<string, unknown>>
    if (typeof masterarn !== 'string' || masterarn === '') return nobody
    const user = hasTwoUsers(functionArn) ? String(username).replace(/_clone$/, '') : username
    const digest = createHash('sha256').update(JSON.stringify([secretId, user, dbname]))
    return { master_arn: masterarn, user_digest: digest.digest('hex') }
  } catch {
    return nobody
  }
}

/**
 * Whether they are those that a rotation was set up for. Whoever may write the value must not choose by whose login it is
 * made true, nor whose password that changes.
 */
export const isAsSetUp = (row: SecretRotationRow, { master_arn, user_digest }: Administered): boolean =>
  !takesAdmin(row.function_arn) || (master_arn === row.master_arn && user_digest === row.user_digest)

export const notAsSetUp =
  'The secret names another "masterarn" or user than when its rotation was set up: call RotateSecret with its RotationLambdaARN again.'
