import type { Conditions } from '../access/caller-conditions.ts'
import { judge } from '../access/judge.ts'
import { awsError } from '../aws-errors.ts'
import { type NamedOperation, operation } from '../operation.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Shape } from '../parsing/member.ts'

/** An operation of KMS that concerns no one key. */
export const accountOperation = <Input, Output extends object>(
  name: string,
  shape: Shape<Input>,
  run: (context: OperationContext, input: Input) => Promise<Output>,
  conditions?: (input: Input) => Conditions,
): NamedOperation => [
  name,
  operation({
    action: `kms:${name}`,
    shape,
    run,
    resource: () => undefined,
    authorize: async ({ caller, nowMs }, input) => {
      const question = { caller, nowMs, action: `kms:${name}`, resource: '*', resourceAccount: caller.account }
      const decision = judge({
        ...question,
        conditions: { 'kms:CallerAccount': caller.account, ...conditions?.(input) },
      })
      if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
    },
  }),
]
