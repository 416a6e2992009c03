import type { Statement } from '@keyplane/database'
import { AwsError } from '../aws-errors.ts'
import { type Operation, operation } from '../operation.ts'
import type { OperationContext } from '../operation-context.ts'
import { flag, listOf, required, type Shape, text } from '../parsing/member.ts'
import { type SecretParameter, secretParameter } from './secret-parameter.ts'

interface GetParameterRequest {
  readonly Name: string
  readonly WithDecryption?: boolean
}

const name = text({ min: 1, max: 2048 })
const getParameterShape: Shape<GetParameterRequest> = { Name: required(name), WithDecryption: flag() }

const getParameter = async (
  context: OperationContext,
  { Name, WithDecryption = false }: GetParameterRequest,
): Promise<{ readonly Parameter: SecretParameter }> => {
  const { parameter, statements } = await secretParameter(context, 'GetParameter', Name, WithDecryption)
  if (statements.length > 0) await context.call.commit(statements)
  return { Parameter: parameter }
}

interface GetParametersRequest {
  readonly Names: readonly string[]
  readonly WithDecryption?: boolean
}

const getParametersShape: Shape<GetParametersRequest> = {
  Names: required(listOf(name, { min: 1, max: 10 })),
  WithDecryption: flag(),
}

interface GetParametersResponse {
  readonly Parameters: readonly SecretParameter[]
  readonly InvalidParameters: readonly string[]
}

/** Names that lead nowhere are listed; one that is denied fails the call, as on AWS. */
const getParameters = async (
  context: OperationContext,
  { Names, WithDecryption = false }: GetParametersRequest,
): Promise<GetParametersResponse> => {
  const parameters: SecretParameter[] = []
  const invalid: string[] = []
  const noted: Statement[] = []
  for (const one of new Set(Names)) {
    try {
      const { parameter, statements } = await secretParameter(context, 'GetParameters', one, WithDecryption)
      parameters.push(parameter)
      noted.push(...statements)
    } catch (error) {
      if (!(error instanceof AwsError) || !error.type.startsWith('Parameter')) throw error
      invalid.push(one)
    }
  }
  if (noted.length > 0) await context.call.commit(noted)
  return { Parameters: parameters, InvalidParameters: invalid }
}

/** A parameter is authorised by its own name and as a secret, where it is read. */
const whileReading = async (): Promise<void> => {}

/** The operations of Systems Manager's parameters, by name: secrets, read only. */
export const ssmOperations: ReadonlyMap<string, Operation> = new Map([
  [
    'GetParameter',
    operation({
      action: 'ssm:GetParameter',
      shape: getParameterShape,
      run: getParameter,
      resource: () => undefined,
      authorize: whileReading,
    }),
  ],
  [
    'GetParameters',
    operation({
      action: 'ssm:GetParameters',
      shape: getParametersShape,
      run: getParameters,
      resource: () => undefined,
      authorize: whileReading,
    }),
  ],
])
