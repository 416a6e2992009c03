import type { KeyGrant } from '@keyplane/policy'
import { judge, type Question } from '../access/judge.ts'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import type { KmsGrantRow, KmsKeyRow } from '../storage/tables.ts'
import type { EncryptionContext } from './encryption-context.ts'
import { grantOf, grantsWanted, keyQuestion, type KeyUse } from './key-access.ts'

/** What a new grant is to allow. */
export type WantedGrant = Pick<KmsGrantRow, 'grantee' | 'operations' | 'constraints'>

/**
 * Checks a new grant of a caller who may make grants only because a grant lets him: then one such grant has to allow all
 * that the new one does, under constraints that are no stricter. Gives that one; none where policies let him.
 * @throws AwsError AccessDeniedException
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html
 */
export const requireGrantWithin = async (
  { kmsKeys: { table }, caller, nowMs }: OperationContext,
  key: KmsKeyRow,
  wanted: WantedGrant,
  conditions: NonNullable<KeyUse['conditions']>,
): Promise<KmsGrantRow | undefined> => {
  const ask = (grants: readonly KeyGrant[]): Promise<Question> =>
    keyQuestion({ caller, nowMs, table }, { operation: 'CreateGrant', key, conditions, grants })
  const byPolicies = judge(await ask([]))
  if (byPolicies.allowed) return undefined
  for (const row of await table.grantsFor(key.key_id, grantsWanted(caller, 'CreateGrant'))) {
    const parent = grantOf(row)
    const { constraints: _asked, ...unconstrained } = parent
    if (isWithin(grantOf(wanted), parent) && judge(await ask([unconstrained])).allowed) return row
  }
  throw awsError('AccessDeniedException', byPolicies.message)
}

const isWithin = (child: KeyGrant, parent: KeyGrant): boolean =>
  child.operations.every((operation) => parent.operations.includes(operation)) &&
  areAsStrict(child.constraints ?? {}, parent.constraints ?? {})

type Constraints = NonNullable<KeyGrant['constraints']>

/** Whether each encryption context that fits a child's constraints fits the parent's. */
const areAsStrict = (child: Constraints, parent: Constraints): boolean => {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = parent
  const { encryptionContextEquals: childEquals, encryptionContextSubset: childSubset } = child
  const isEqual = !equals || (childEquals && hasAll(childEquals, equals) && hasAll(equals, childEquals))
  const isSubset = !subset || [childEquals, childSubset].some((pairs) => pairs && hasAll(pairs, subset))
  return Boolean(isEqual) && isSubset
}

const hasAll = (given: EncryptionContext, wanted: EncryptionContext): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(given, name) && given[name] === value)
