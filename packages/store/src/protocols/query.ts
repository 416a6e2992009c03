import { awsErrorStatus, queryErrorOf, type SignatureErrorName } from '@keyplane/aws'
import type { AwsError } from '../aws-errors.ts'
import { formOf } from './form.ts'
import { formMembers } from '../parsing/form-members.ts'
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
      leaf('Message', error.message),
    ]
    return xml(status, element('ErrorResponse', namespace, [element('Error', '', parts), leaf('RequestId', requestId)]))
  },
}

const queryErrorNamed = ({ type }: AwsError): { readonly code: string; readonly status: number } => {
  if (type === 'UnknownOperationException') return { code: 'InvalidAction', status: 400 }
  if (type === 'ValidationException') return { code: 'ValidationError', status: 400 }
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
