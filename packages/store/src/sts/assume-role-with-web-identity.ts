import { decide, requestContext } from '@keyplane/policy'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import { required, type Shape, text } from '../parsing/member.ts'
import * as members from './members.ts'
import { type AssumedRole, newSession } from './new-session.ts'
import { issuerOf, type WebIdentity, verifyWebIdentity } from './web-identity.ts'

export interface AssumeRoleWithWebIdentityRequest {
  readonly RoleArn: string
  readonly RoleSessionName: string
  readonly WebIdentityToken: string
  readonly DurationSeconds?: string
  readonly Policy?: string
  readonly PolicyArns?: readonly members.PolicyArn[]
}

export const assumeRoleWithWebIdentityShape: Shape<AssumeRoleWithWebIdentityRequest> = {
  RoleArn: members.roleArn,
  RoleSessionName: members.roleSessionName,
  WebIdentityToken: required(text({ min: 4, max: 20_000 })),
  DurationSeconds: members.durationSeconds,
  Policy: members.policy,
  PolicyArns: members.policyArns,
}

export interface AssumedRoleWithWebIdentity extends AssumedRole {
  readonly SubjectFromWebIdentityToken: string
  readonly Provider: string
  readonly Audience: string
}

/**
 * Gives temporary credentials of a role to whom an identity provider of the role's account vouches for. The call is not
 * signed: the token is the proof.
 */
export const assumeRoleWithWebIdentity = async (
  context: OperationContext,
  input: AssumeRoleWithWebIdentityRequest,
): Promise<AssumedRoleWithWebIdentity> => {
  const { callers, nowMs, call } = context
  // Nothing tells a role that is not there from one that does not trust this identity.
  const [, account] = /^arn:aws:iam::(\d{12}):role\//.exec(input.RoleArn) ?? []
  const issuer = issuerOf(input.WebIdentityToken)
  const provider = callers.iam.identityProviders.find((known) => known.issuer === issuer && known.account === account)
  if (!provider)
    throw awsError('InvalidIdentityToken', 'No OpenIDConnect provider found in your account for the token’s issuer.')
  const identity = await verifyWebIdentity(input.WebIdentityToken, provider, nowMs)
  const { subject, matchedAudience } = identity
  // AWS: a subject has 255 characters at most.
  call.note({ Subject: subject.slice(0, 255), Provider: provider.arn })
  const role = callers.iam.roles.get(input.RoleArn)
  if (!role || !isTrusted(context, identity, input))
    throw awsError('AccessDeniedException', 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
  return {
    ...newSession(context, {
      role,
      name: input.RoleSessionName,
      durationSeconds: input.DurationSeconds,
      isChained: false,
      policy: input.Policy,
      policyArns: input.PolicyArns,
      carried: { tags: {}, transitiveTagKeys: [], federated: { provider: provider.arn, subject } },
    }),
    SubjectFromWebIdentityToken: subject,
    Provider: provider.arn,
    Audience: matchedAudience,
  }
}

const isTrusted = (
  { callers, nowMs, caller }: OperationContext,
  { provider, subject, audience, authorizedParty }: WebIdentity,
  { RoleArn, RoleSessionName }: AssumeRoleWithWebIdentityRequest,
): boolean => {
  const role = callers.iam.roles.get(RoleArn)
  if (!role) return false
  const prefix = provider.issuer.replace('https://', '')
  const context = requestContext({
    // AWS: `azp`, where there is one, is what `aud` means.
    [`${prefix}:aud`]: authorizedParty ?? audience,
    [`${prefix}:oaud`]: authorizedParty === undefined ? undefined : audience,
    [`${prefix}:sub`]: subject,
    'sts:RoleSessionName': RoleSessionName,
    'aws:SourceIp': caller.sourceIp,
    'aws:SecureTransport': caller.isSecure,
    'aws:CurrentTime': new Date(nowMs).toISOString(),
    'aws:EpochTime': Math.floor(nowMs / 1_000),
    'aws:RequestedRegion': caller.region,
  })
  const request = {
    principal: { kind: 'federated', provider: provider.arn } as const,
    action: 'sts:AssumeRoleWithWebIdentity',
    resource: role.arn,
    resourceAccount: role.account,
    context,
  }
  return decide(request, { identity: [], resource: { kind: 'trust', policy: role.trustPolicy } }).allowed
}
