import type { DeleteParameterRequest, DeleteParameterResponse } from './delete-parameter.ts'
import type { DescribeParametersRequest, DescribeParametersResponse } from './describe-parameters.ts'
import type { GetParameterRequest, GetParameterResponse } from './get-parameter.ts'
import type { GetParametersRequest, GetParametersResponse } from './get-parameters.ts'
import type { PutParameterRequest, PutParameterResponse } from './put-parameter.ts'

/**
 * The operations of Systems Manager's Parameter Store that Keyplane calls, in AWS's spelling.
 * Source: botocore's model `ssm/2014-11-06`.
 */
export interface ParameterStoreOperations {
  readonly DeleteParameter: { readonly input: DeleteParameterRequest; readonly output: DeleteParameterResponse }
  readonly DescribeParameters: {
    readonly input: DescribeParametersRequest
    readonly output: DescribeParametersResponse
  }
  readonly GetParameter: { readonly input: GetParameterRequest; readonly output: GetParameterResponse }
  readonly GetParameters: { readonly input: GetParametersRequest; readonly output: GetParametersResponse }
  readonly PutParameter: { readonly input: PutParameterRequest; readonly output: PutParameterResponse }
}
