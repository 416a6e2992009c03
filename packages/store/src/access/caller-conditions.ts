import type { ContextValues } from '@keyplane/policy'
import type { Caller } from '../caller.ts'

/** Condition keys as AWS spells them; `undefined` leaves one out. */
export type Conditions = Readonly<Record<string, string | number | boolean | ContextValues | undefined>>

/**
 * What conditions can see of who calls, from where and when.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export const callerConditions = ({ identity, region, ...call }: Caller, nowMs: number): Conditions => {
  const { principal, account, userId, userName, tags, issuedAtMs, sessionOf } = identity
  const isTemporary = issuedAtMs !== undefined
  return {
    'aws:PrincipalArn': principal.kind === 'role-session' ? principal.roleArn : identity.arn,
    'aws:PrincipalAccount': account,
    'aws:PrincipalType': principalTypes[principal.kind],
    'aws:userid': userId,
    'aws:username': userName,
    ...Object.fromEntries([...tags].map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
    'aws:PrincipalIsAWSService': false,
    'aws:ViaAWSService': false,
    'aws:TokenIssueTime': isTemporary ? isoSeconds(issuedAtMs) : undefined,
    // AWS: long-lived keys have no such key, sessions without a second factor `false`.
    'aws:MultiFactorAuthPresent': isTemporary ? false : undefined,
    'aws:SourceIdentity': sessionOf?.sourceIdentity,
    'aws:FederatedProvider': sessionOf?.federated?.provider,
    'aws:CurrentTime': isoSeconds(nowMs),
    'aws:EpochTime': Math.floor(nowMs / 1_000),
    'aws:RequestedRegion': region,
    'aws:SecureTransport': call.isSecure,
    'aws:SourceIp': call.sourceIp,
    'aws:UserAgent': call.userAgent?.slice(0, maxUserAgent),
  }
}

/** Longer ones are cut: a policy's patterns are looked for in it. */
const maxUserAgent = 1_024

const principalTypes = {
  user: 'User',
  root: 'Account',
  'role-session': 'AssumedRole',
  service: 'Service',
  federated: 'FederatedUser',
} as const

const isoSeconds = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`
