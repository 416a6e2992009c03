import { awsError } from './aws-errors.ts'
import type { OperationContext } from './operation-context.ts'
import type { Shape } from './parsing/member.ts'
import { parseInput } from './parsing/parse-input.ts'

/** One operation of a service. */
export interface Operation {
  /** As policies and the audit log name it: `secretsmanager:GetSecretValue`. */
  readonly action: string
  /** The call brings a proof of its own, and is not signed. */
  readonly unsigned?: true
  /**
   * Reads an input's members.
   * @throws AwsError SerializationException, ValidationException, InvalidParameterException
   */
  readonly prepare: (members: unknown) => PreparedCall
}

/** A call whose input was read: what it is about, who may make it, and what it does. */
export interface PreparedCall {
  /** What it is about, as the caller named it; absent where nothing is meant. */
  readonly resource?: string
  /** Gives who may make the call what it does. @throws AwsError AccessDeniedException */
  readonly authorize: (context: OperationContext) => Promise<() => Promise<object>>
}

/** An operation under the name that requests call it by. */
export type NamedOperation = readonly [name: string, operation: Operation]

export interface OperationParts<Input, Output extends object, Seen> {
  readonly action: string
  readonly shape: Shape<Input>
  readonly resource: (input: Input) => string | undefined
  /** Asked before the operation runs; it may throw what the operation would about its input. */
  readonly authorize: (context: OperationContext, input: Input) => Promise<Seen>
  /** `seen` is what `authorize` came by on its way. */
  readonly run: (context: OperationContext, input: Input, seen: Seen) => Promise<Output>
}

export const operation = <Input, Output extends object, Seen>({
  action,
  shape,
  run,
  resource,
  authorize,
}: OperationParts<Input, Output, Seen>): Operation => ({
  action,
  prepare: (members) => {
    const input = parseInput(shape, members)
    const named = resource(input)
    return {
      ...(named !== undefined && { resource: named }),
      authorize: async (context) => {
        const seen = await authorize(context, input)
        return () => run({ ...context, authorizeAgain: () => authorize(context, input) }, input, seen)
      },
    }
  },
})

/** @throws AwsError UnknownOperationException */
export const requireOperation = (found: Operation | undefined): Operation => {
  if (found) return found
  throw awsError('UnknownOperationException', 'The operation is not one that this store offers.')
}
