import type { NamedOperation } from '../../operation.ts'
import { awsError } from '../../aws-errors.ts'
import { flag, required, type Shape } from '../../parsing/member.ts'
import { changeKey, keyOperation } from '../key-operation.ts'
import { keyPolicyText } from '../key-policy.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'
import { requireKeyPolicy } from '../require-key-policy.ts'

/** The only policy that a key has. */
const onlyName = 'default'

interface GetKeyPolicyRequest {
  readonly KeyId: string
  readonly PolicyName?: string
}
const shape: Shape<GetKeyPolicyRequest> = { KeyId: members.keyId, PolicyName: members.policyName }
const keyId = ({ KeyId }: GetKeyPolicyRequest): string => KeyId

const requireDefault = ({ PolicyName = onlyName }: GetKeyPolicyRequest): void => {
  if (PolicyName !== onlyName) throw awsError('NotFoundException', 'No such policy exists')
}

export const getKeyPolicy: NamedOperation = keyOperation({
  name: 'GetKeyPolicy',
  shape,
  keyId,
  run: async (_context, input, key) => {
    requireDefault(input)
    return { Policy: keyPolicyText(key), PolicyName: onlyName }
  },
})

export const listKeyPolicies: NamedOperation = keyOperation({
  name: 'ListKeyPolicies',
  shape: { KeyId: members.keyId, Limit: members.limit, Marker: members.marker },
  keyId: ({ KeyId }: { readonly KeyId: string; readonly Limit?: number; readonly Marker?: string }) => KeyId,
  run: async () => ({ PolicyNames: [onlyName], Truncated: false }),
})

interface PutKeyPolicyRequest extends GetKeyPolicyRequest {
  readonly Policy: string
  readonly BypassPolicyLockoutSafetyCheck?: boolean
}

export const putKeyPolicy: NamedOperation = keyOperation({
  name: 'PutKeyPolicy',
  shape: {
    ...shape,
    Policy: required(members.keyPolicyText),
    BypassPolicyLockoutSafetyCheck: flag(),
  } satisfies Shape<PutKeyPolicyRequest>,
  keyId,
  conditions: ({ BypassPolicyLockoutSafetyCheck = false }: PutKeyPolicyRequest) => ({
    'kms:BypassPolicyLockoutSafetyCheck': BypassPolicyLockoutSafetyCheck,
  }),
  run: async (context, input, key) => {
    requireDefault(input)
    if (key.alias !== null) throw awsError('UnsupportedOperationException', `${keyArn(key)} is managed by AWS.`)
    requireKeyPolicy(context, { ...key, policy: input.Policy }, input.BypassPolicyLockoutSafetyCheck ?? false)
    await changeKey(context, [context.kmsKeys.table.update(key, { policy: input.Policy })], key)
    return {}
  },
})
