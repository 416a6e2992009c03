import type {
  BatchGetSecretValueError,
  BatchGetSecretValueRequest,
  BatchGetSecretValueResponse,
  GetSecretValueResponse,
} from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { inputConditions } from '../../access/input-conditions.ts'
import { type AwsError, awsError, toAwsError } from '../../aws-errors.ts'
import type { CallPart } from '../../call.ts'
import type { OperationContext } from '../../operation-context.ts'
import { integer, listOf, type Shape, text } from '../../parsing/member.ts'
import { nextToken, secretFilters } from '../../parsing/members.ts'
import { readOne } from '../versions/read-one.ts'
import { requireAccess } from '../require-access.ts'
import { pageOfSecrets } from '../lists/secret-pages.ts'
import { recordedId } from '../secret-target.ts'

const atOnce = 20

export const batchGetSecretValueShape: Shape<BatchGetSecretValueRequest> = {
  SecretIdList: listOf(text({ min: 1, max: 2048 }), { min: 1, max: atOnce }),
  Filters: secretFilters,
  MaxResults: integer({ min: 1, max: atOnce }),
  NextToken: nextToken,
}

/** Gives the current values of up to 20 secrets, by ids or by filters. One that cannot be given does not fail the others. */
export const batchGetSecretValue = async (
  context: OperationContext,
  input: BatchGetSecretValueRequest,
): Promise<BatchGetSecretValueResponse> => {
  const { ids, ...more } = await wanted(context, input)
  const values: GetSecretValueResponse[] = []
  const errors: BatchGetSecretValueError[] = []
  const statements: Statement[] = []
  for (const id of ids) {
    const read = await readPart(context, id)
    context.call.noteParts([read.part])
    if ('error' in read) errors.push({ SecretId: id, ErrorCode: read.error.type, Message: read.error.message })
    else values.push(read.output)
    if ('statements' in read) statements.push(...read.statements)
  }
  if (statements.length > 0) await context.call.commit(statements)
  return { SecretValues: values, Errors: errors, ...more }
}

interface Wanted {
  readonly ids: readonly string[]
  readonly NextToken?: string
}

const wanted = async (context: OperationContext, input: BatchGetSecretValueRequest): Promise<Wanted> => {
  const { SecretIdList: ids, Filters: filters, MaxResults, NextToken } = input
  if (MaxResults !== undefined && !filters)
    throw awsError(
      'InvalidParameterException',
      "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
    )
  if ((ids === undefined) === (filters === undefined))
    throw awsError('InvalidParameterException', "Either 'SecretIdList' or 'Filters' must be provided, but not both.")
  if (ids) {
    // No list of ids was ever answered with a token.
    if (NextToken !== undefined) throw awsError('InvalidNextTokenException', 'The NextToken value is invalid.')
    return { ids }
  }
  await requireAccess(context, 'secretsmanager:ListSecrets')
  const query = { operation: 'BatchGetSecretValue', filters: filters ?? [], includeDeleted: false, descending: false }
  const size = { MaxResults: MaxResults ?? atOnce, ...(NextToken !== undefined && { NextToken }) }
  const { page, ...more } = await pageOfSecrets(context, { ...query, order: 'created_at_ms' }, size)
  return { ids: page.map(({ secret }) => secret.arn), ...more }
}

type ReadPart =
  | { readonly part: CallPart; readonly output: GetSecretValueResponse; readonly statements: readonly Statement[] }
  | { readonly part: CallPart; readonly error: AwsError }

const action = 'secretsmanager:GetSecretValue'

const readPart = async (context: OperationContext, id: string): Promise<ReadPart> => {
  let resource = recordedId(id)
  try {
    const found = await requireAccess(context, action, id, inputConditions.get({ SecretId: id }))
    if (found) resource = found.arn
    const { output, statements, versionId } = await readOne(context, { SecretId: id }, found)
    return { part: { action, resource, decision: 'allow', detail: { VersionId: versionId } }, output, statements }
  } catch (thrown) {
    const error = toAwsError(thrown)
    // What is no fault of this one secret would meet the others too.
    if (error.code === 'internal' || error.code === 'unavailable' || error.code === 'rate_limited') throw thrown
    const decision = error.code === 'access_denied' ? 'deny' : 'error'
    return { part: { action, resource, decision, detail: { Error: error.type } }, error }
  }
}
