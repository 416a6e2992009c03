/** STS takes no parameter. */
export type GetCallerIdentityRequest = Readonly<Record<never, never>>

export interface GetCallerIdentityResponse {
  readonly UserId?: string
  /** Twelve digits. */
  readonly Account?: string
  readonly Arn?: string
}
