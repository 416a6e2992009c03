import type { Statement } from '@keyplane/database'
import { toAwsError } from '../aws-errors.ts'
import { type Operation, operation } from '../operation.ts'
import type { OperationContext } from '../operation-context.ts'
import { flag, listOf, required, type Shape, text } from '../parsing/member.ts'
import { parameterTarget } from './parameter-target.ts'
import { type ReadParameter, readAction, type SecretParameter, secretParameter } from './secret-parameter.ts'

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
  const { call } = context
  const target = parameterTarget(Name)
  const { parameter, statements, versionId } = await secretParameter(context, {
    operation: 'GetParameter',
    target,
    withDecryption: WithDecryption,
    onResource: (resource) => {
      call.resource = resource
    },
  })
  call.note({ VersionId: versionId })
  if (statements.length > 0) await call.commit(statements)
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
    const read = await readPart(context, one, WithDecryption)
    if (read === 'absent') {
      invalid.push(one)
      continue
    }
    parameters.push(read.parameter)
    noted.push(...read.statements)
  }
  if (noted.length > 0) await context.call.commit(noted)
  return { Parameters: parameters, InvalidParameters: invalid }
}

/** Reads one of many, and leaves a record of its own. */
const readPart = async (
  context: OperationContext,
  name: string,
  withDecryption: boolean,
): Promise<ReadParameter | 'absent'> => {
  const target = parameterTarget(name)
  const part = { action: target.secretId === undefined ? 'ssm:GetParameters' : readAction, resource: '' }
  const onResource = (resource: string): void => {
    part.resource = resource
  }
  try {
    const read = await secretParameter(context, { operation: 'GetParameters', target, withDecryption, onResource })
    context.call.noteParts([{ ...part, decision: 'allow', detail: { VersionId: read.versionId } }])
    return read
  } catch (thrown) {
    const error = toAwsError(thrown)
    const decision = error.code === 'access_denied' ? 'deny' : 'error'
    context.call.noteParts([{ ...part, decision, detail: { Error: error.type } }])
    if (!error.type.startsWith('Parameter')) throw thrown
    return 'absent'
  }
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
