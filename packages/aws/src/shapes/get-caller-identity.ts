/** What STS answers to GetCallerIdentity, which takes no parameter. */
export interface GetCallerIdentityResponse {
  readonly UserId?: string
  /** Twelve digits. */
  readonly Account?: string
  readonly Arn?: string
}
