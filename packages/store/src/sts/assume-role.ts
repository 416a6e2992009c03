import type { Tag } from '@keyplane/aws'
import { awsError } from '../aws-errors.ts'
import { judge } from '../access/judge.ts'
import type { Conditions } from '../access/caller-conditions.ts'
import type { Role } from '../iam/identity.ts'
import type { Session } from '../iam/session-tokens.ts'
import type { OperationContext } from '../operation-context.ts'
import { type Shape, text } from '../parsing/member.ts'
import * as members from './members.ts'
import { type AssumedRole, newSession } from './new-session.ts'
import { type SessionTags, sessionTags } from './session-tags.ts'

export interface AssumeRoleRequest {
  readonly RoleArn: string
  readonly RoleSessionName: string
  readonly DurationSeconds?: string
  readonly ExternalId?: string
  readonly Policy?: string
  readonly PolicyArns?: readonly members.PolicyArn[]
  readonly SourceIdentity?: string
  readonly Tags?: readonly Required<Tag>[]
  readonly TransitiveTagKeys?: readonly string[]
}

export const assumeRoleShape: Shape<AssumeRoleRequest> = {
  RoleArn: members.roleArn,
  RoleSessionName: members.roleSessionName,
  DurationSeconds: members.durationSeconds,
  ExternalId: text({ min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/ }),
  Policy: members.policy,
  PolicyArns: members.policyArns,
  SourceIdentity: members.sourceIdentity,
  Tags: members.tags,
  TransitiveTagKeys: members.tagKeys,
}

/** What a call comes by on its way to being authorised. */
export interface AuthorizedRole {
  readonly role: Role
  readonly carried: SessionTags & Pick<Session, 'sourceIdentity'>
}

/**
 * Asks the caller's policies and the role's trust policy, for the session's tags and source identity too.
 * @throws AwsError AccessDeniedException, ValidationException
 */
export const authorizeAssumeRole = async (
  context: OperationContext,
  input: AssumeRoleRequest,
): Promise<AuthorizedRole> => {
  const { identity } = context.caller
  if (identity.principal.kind === 'root')
    throw awsError('AccessDeniedException', 'Roles may not be assumed by root accounts.')
  const tags = sessionTags(identity.sessionOf, input)
  const inherited = identity.sessionOf?.sourceIdentity
  const sourceIdentity = inherited ?? input.SourceIdentity
  const actions = ['sts:AssumeRole']
  if (Object.keys(tags.tags).length > 0) actions.push('sts:TagSession')
  if (sourceIdentity !== undefined) actions.push('sts:SetSourceIdentity')
  const role = requireAllowed(context, input, { actions, sourceIdentity })
  // AWS: once it is set it cannot be changed.
  if (input.SourceIdentity !== undefined && input.SourceIdentity !== sourceIdentity)
    throw denied(context, 'sts:SetSourceIdentity', input.RoleArn)
  return { role, carried: { ...tags, ...(sourceIdentity !== undefined && { sourceIdentity }) } }
}

/** Temporary credentials, and how the session is marked. */
export interface AssumedRoleOfCaller extends AssumedRole {
  readonly SourceIdentity?: string
}

/** Gives temporary credentials of a role. */
export const assumeRole = async (
  context: OperationContext,
  input: AssumeRoleRequest,
  { role, carried }: AuthorizedRole,
): Promise<AssumedRoleOfCaller> => {
  const { sourceIdentity } = carried
  const assumed = newSession(context, {
    role,
    name: input.RoleSessionName,
    durationSeconds: input.DurationSeconds,
    isChained: context.caller.identity.sessionOf !== undefined,
    policy: input.Policy,
    policyArns: input.PolicyArns,
    carried,
  })
  return { ...assumed, ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }) }
}

interface Asked {
  readonly actions: readonly string[]
  readonly sourceIdentity: string | undefined
}

/** A role that is not there is refused in the same words as one that may not be assumed, so none say why. */
const requireAllowed = (
  context: OperationContext,
  input: AssumeRoleRequest,
  { actions, sourceIdentity }: Asked,
): Role => {
  const { caller, nowMs, callers } = context
  const role = callers.iam.roles.get(input.RoleArn)
  if (!role) throw denied(context, 'sts:AssumeRole', input.RoleArn)
  const question = {
    caller,
    nowMs,
    resource: role.arn,
    resourceAccount: role.account,
    guard: { kind: 'trust', policy: role.trustPolicy },
    conditions: conditionsOf(input, role, sourceIdentity),
  } as const
  for (const action of actions)
    if (!judge({ ...question, action }).allowed) throw denied(context, action, input.RoleArn)
  return role
}

const conditionsOf = (input: AssumeRoleRequest, role: Role, sourceIdentity: string | undefined): Conditions => {
  const { ExternalId, RoleSessionName, Tags = [], TransitiveTagKeys } = input
  return {
    'sts:ExternalId': ExternalId,
    'sts:RoleSessionName': RoleSessionName,
    'sts:SourceIdentity': sourceIdentity,
    'sts:TransitiveTagKeys': TransitiveTagKeys,
    'aws:TagKeys': Tags.map(({ Key }) => Key),
    ...Object.fromEntries(Tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
    ...Object.fromEntries([...role.tags].map(([key, value]) => [`iam:ResourceTag/${key}`, value])),
    ...Object.fromEntries([...role.tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
  }
}

const denied = ({ caller }: OperationContext, action: string, roleArn: string): Error =>
  awsError(
    'AccessDeniedException',
    `User: ${caller.identity.arn} is not authorized to perform: ${action} on resource: ${roleArn}`,
  )
