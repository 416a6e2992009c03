import { awsErrorStatus, queryErrorOf, type SignatureErrorName } from '@keyplane/aws'
import { type AwsError, jsonErrorAnswer } from './aws-errors.ts'
import type { Operation } from './operation.ts'
import { secretsManagerOperations } from './operations.ts'
import { parseJson } from './parsing/parse-input.ts'
import { stsOperations } from './sts/operations.ts'

/** A request as it came, with its body read. */
export interface AppRequest {
  readonly method: string
  /** The request line's target: `/path?query`. */
  readonly target: string
  /** Names and values by turns. */
  readonly rawHeaders: readonly string[]
  /** By lower-case name, the first value of each. */
  readonly header: (name: string) => string | undefined
  readonly body: Uint8Array
}

export interface AppAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** How a service's calls are told apart, and its answers written. */
export interface Protocol {
  /** The service that a request has to be signed for. */
  readonly service: string
  /** The operation that a request names, if there is such a one. */
  readonly operation: (request: AppRequest) => Operation | undefined
  /** The input's members. @throws AwsError SerializationException */
  readonly members: (request: AppRequest) => unknown
  readonly answer: (output: object, requestId: string) => AppAnswer
  readonly refusal: (error: AwsError, requestId: string) => AppAnswer
}

const json: Protocol = {
  service: 'secretsmanager',
  operation: (request) => {
    const [prefix, name = '', ...rest] = request.header('x-amz-target')?.split('.') ?? []
    return prefix === 'secretsmanager' && rest.length === 0 ? secretsManagerOperations.get(name) : undefined
  },
  members: ({ body }) => parseJson(body),
  answer: (output) => ({ status: 200, contentType: 'application/x-amz-json-1.1', body: JSON.stringify(output) }),
  refusal: (error) => ({ ...jsonErrorAnswer(error), contentType: 'application/x-amz-json-1.1' }),
}

const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

const query: Protocol = {
  service: 'sts',
  operation: (request) => {
    const form = new URLSearchParams(Buffer.from(request.body).toString())
    return form.get('Version') === '2011-06-15' ? stsOperations.get(form.get('Action') ?? '') : undefined
  },
  members: () => ({}),
  // Only one operation answers in XML; a second one would need its name here.
  answer: (output, requestId) =>
    xml(
      200,
      element('GetCallerIdentityResponse', ` xmlns="${stsNamespace}"`, [
        element(
          'GetCallerIdentityResult',
          '',
          Object.entries(output).map(([name, value]) => leaf(name, String(value))),
        ),
        element('ResponseMetadata', '', [leaf('RequestId', requestId)]),
      ]),
    ),
  refusal: (error, requestId) => {
    const { code, status } = queryErrorNamed(error)
    const type = status < 500 ? 'Sender' : 'Receiver'
    const parts = [leaf('Type', type), leaf('Code', code), leaf('Message', error.message)]
    return xml(
      status,
      element('ErrorResponse', ` xmlns="${stsNamespace}"`, [element('Error', '', parts), leaf('RequestId', requestId)]),
    )
  },
}

/** The protocol that a request speaks; one that names no target is a query call if it is a form. */
export const protocolOf = (request: AppRequest): Protocol =>
  request.header('x-amz-target') === undefined &&
  request.header('content-type')?.startsWith('application/x-www-form-urlencoded')
    ? query
    : json

const queryErrorNamed = ({ type }: AwsError): { readonly code: string; readonly status: number } => {
  if (type === 'UnknownOperationException') return { code: 'InvalidAction', status: 400 }
  if (type.startsWith('AccessDenied')) return { code: 'AccessDenied', status: 403 }
  if (isSignatureError(type)) return queryErrorOf(type)
  return { code: type, status: awsErrorStatus[type] }
}

const isSignatureError = (type: string): type is SignatureErrorName =>
  [
    'MissingAuthenticationTokenException',
    'IncompleteSignatureException',
    'UnrecognizedClientException',
    'InvalidSignatureException',
    'ExpiredTokenException',
  ].includes(type)

const xml = (status: number, body: string): AppAnswer => ({ status, contentType: 'text/xml', body })

const element = (name: string, attributes: string, children: readonly string[]): string =>
  `<${name}${attributes}>${children.join('')}</${name}>`

const leaf = (name: string, value: string): string => element(name, '', [escaped(value)])

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
