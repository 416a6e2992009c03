export interface DeleteParameterRequest {
  /** No ARN. */
  readonly Name: string
}

/** Empty. */
export type DeleteParameterResponse = Readonly<Record<string, never>>
