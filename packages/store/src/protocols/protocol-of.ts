import { jsonProtocol } from './json.ts'
import type { AppRequest, Protocol } from './protocol.ts'
import { queryProtocol } from './query.ts'

/** The protocol that a request speaks: a query call is a form, or (presigned) a GET; what names a target is JSON. */
export const protocolOf = (request: AppRequest): Protocol => {
  const isForm = request.header('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false
  const isQuery = request.header('x-amz-target') === undefined && (isForm || request.method === 'GET')
  return isQuery ? queryProtocol : jsonProtocol(request)
}
