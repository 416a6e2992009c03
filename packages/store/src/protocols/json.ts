import { type AwsError, jsonErrorAnswer } from '../aws-errors.ts'
import type { Operation } from '../operation.ts'
import { kmsOperations } from '../kms/operations.ts'
import { secretsManagerOperations } from '../secretsmanager/operations.ts'
import { parseJson } from '../parsing/parse-input.ts'
import { ssmOperations } from '../ssm/operations.ts'
import { inWordsOf, kmsInnerErrors, ssmInnerErrors } from './inner-errors.ts'
import type { AppRequest, Protocol } from './protocol.ts'

interface JsonService {
  readonly service: string
  readonly operations: ReadonlyMap<string, Operation>
  /** An error under the service's own name; absent: the name that it has. */
  readonly named?: (error: AwsError) => AwsError
}

const secretsManager: JsonService = { service: 'secretsmanager', operations: secretsManagerOperations }

/** By the first part of `X-Amz-Target`, which is older than some of the services' names. */
const services: Readonly<Record<string, JsonService>> = {
  secretsmanager: secretsManager,
  TrentService: { service: 'kms', operations: kmsOperations, named: inWordsOf(kmsInnerErrors) },
  AmazonSSM: { service: 'ssm', operations: ssmOperations, named: inWordsOf(ssmInnerErrors) },
}

const contentType = 'application/x-amz-json-1.1'

/** AWS's JSON 1.1, of the service that the request's target names. */
export const jsonProtocol = (request: AppRequest): Protocol => {
  const [prefix = '', name = '', ...rest] = request.header('x-amz-target')?.split('.') ?? []
  const found = Object.hasOwn(services, prefix) ? services[prefix] : undefined
  const { service, operations, named = (thrown) => thrown } = found ?? secretsManager
  return {
    service,
    operation: () => (found && rest.length === 0 ? operations.get(name) : undefined),
    members: ({ body }) => parseJson(body),
    answer: (output) => ({ status: 200, contentType, body: JSON.stringify(output) }),
    refusal: (thrown) => {
      const error = named(thrown)
      return { error: error.type, answer: { ...jsonErrorAnswer(error), contentType } }
    },
  }
}
