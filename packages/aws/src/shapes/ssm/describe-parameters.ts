import type { ParameterMetadata } from './parameter.ts'

export interface ParameterFilter {
  readonly Key: 'Name' | 'Type' | 'KeyId' | 'Path' | 'Tier' | 'DataType' | `tag:${string}`
  /** Default `Equals`; `Contains` with Name only. */
  readonly Option?: 'Equals' | 'BeginsWith' | 'Contains'
  /** 1–50. */
  readonly Values?: readonly string[]
}

export interface DescribeParametersRequest {
  readonly ParameterFilters?: readonly ParameterFilter[]
  /** 1–50. */
  readonly MaxResults?: number
  readonly NextToken?: string
}

export interface DescribeParametersResponse {
  readonly Parameters?: readonly ParameterMetadata[]
  /** Absent on the last page. */
  readonly NextToken?: string
}
