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
  /** What else has to be allowed, without `kms:`. */
  besides: (input: Input) => readonly string[] = () => [],
): NamedOperation => [
  name,
  operation({
    action: `kms:${name}`,
    shape,
    run,
    resource: () => undefined,
    authorize: async ({ caller, nowMs }, input) => {
      const question = { caller, nowMs, resource: '*', resourceAccount: caller.account }
      const seen = { 'kms:CallerAccount': caller.account, ...conditions?.(input) }
      for (const action of [name, ...besides(input)]) {
        const decision = judge({ ...question, action: `kms:${action}`, conditions: seen })
        if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
      }
    },
  }),
]
