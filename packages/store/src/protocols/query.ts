import { awsErrorStatus, queryErrorOf, type SignatureErrorName } from '@keyplane/aws'
import type { AwsError, InnerErrorName } from '../aws-errors.ts'
import { formOf } from './form.ts'
import { formMembers } from '../parsing/form-members.ts'
import { innerMessage } from './inner-errors.ts'
import { stsOperations } from '../sts/operations.ts'
import type { AppAnswer, Protocol } from './protocol.ts'
import { element, leaf, xmlOf } from './xml.ts'

const namespace = ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'

/** AWS's query protocol, which only STS speaks here. */
export const queryProtocol: Protocol = {
  service: 'sts',
  operation: (request) => {
    const form = formOf(request)
    return form.get('Version') === '2011-06-15' ? stsOperations.get(form.get('Action') ?? '') : undefined
  },
  members: (request) => formMembers(formOf(request)),
  answer: (output, requestId, request) => {
    const name = formOf(request).get('Action') ?? ''
    const metadata = element('ResponseMetadata', '', [leaf('RequestId', requestId)])
    return xml(200, element(`${name}Response`, namespace, [xmlOf(`${name}Result`, output), metadata]))
  },
  refusal: (error, requestId) => {
    const { code, status } = queryErrorNamed(error)
    const parts = [
      leaf('Type', status < 500 ? 'Sender' : 'Receiver'),
      leaf('Code', code),
      leaf('Message', innerMessage(error)),
    ]
    const body = element('ErrorResponse', namespace, [element('Error', '', parts), leaf('RequestId', requestId)])
    return { error: code, answer: xml(status, body) }
  },
}

interface QueryError {
  readonly code: string
  readonly status: number
}

const internalFailure: QueryError = { code: 'InternalFailure', status: 500 }
const validationError: QueryError = { code: 'ValidationError', status: 400 }

/**
 * What query services spell in another way, and all failures below the operations.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
const queryErrors: Readonly<Record<Exclude<InnerErrorName, SignatureErrorName> | JsonSpelling, QueryError>> = {
  AccessDeniedException: { code: 'AccessDenied', status: 403 },
  DecryptionFailure: internalFailure,
  InternalServiceError: internalFailure,
  InvalidParameterException: validationError,
  InvalidRequestException: validationError,
  ResourceNotFoundException: validationError,
  // Not on that page: query services answer so to a form that is none.
  SerializationException: { code: 'MalformedInput', status: 400 },
  ServiceUnavailableException: { code: 'ServiceUnavailable', status: 503 },
  ThrottlingException: { code: 'Throttling', status: 400 },
  UnknownOperationException: { code: 'InvalidAction', status: 400 },
  ValidationException: validationError,
}

type JsonSpelling = 'SerializationException' | 'UnknownOperationException' | 'ValidationException'

const queryErrorNamed = ({ type }: AwsError): QueryError => {
  if (isSignatureError(type)) return queryErrorOf(type)
  return isSpelledOtherwise(type) ? queryErrors[type] : { code: type, status: awsErrorStatus[type] }
}

const isSpelledOtherwise = (type: string): type is keyof typeof queryErrors => Object.hasOwn(queryErrors, type)

const isSignatureError = (type: string): type is SignatureErrorName =>
  [
    'MissingAuthenticationTokenException',
    'IncompleteSignatureException',
    'UnrecognizedClientException',
    'InvalidSignatureException',
    'ExpiredTokenException',
  ].includes(type)

const xml = (status: number, body: string): AppAnswer => ({ status, contentType: 'text/xml', body })
