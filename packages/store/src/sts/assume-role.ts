import type { Tag } from '@keyplane/aws'
import { awsError } from '../aws-errors.ts'
import { judge } from '../access/judge.ts'
import type { Conditions } from '../access/caller-conditions.ts'
import type { Role } from '../iam/identity.ts'
import type { OperationContext } from '../operation-context.ts'
import { type Shape, text } from '../parsing/member.ts'
import * as members from './members.ts'
import { type AssumedRole, newSession } from './new-session.ts'

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

/** AWS: a role that is assumed from a role's session. */
const chainedSeconds = 3_600

/**
 * Asks the caller's policies and the role's trust policy, for the session's tags and source identity too.
 * @throws AwsError AccessDeniedException
 */
export const authorizeAssumeRole = async (context: OperationContext, input: AssumeRoleRequest): Promise<void> => {
  const { caller, callers } = context
  if (caller.identity.principal.kind === 'root')
    throw awsError('AccessDeniedException', 'Roles may not be assumed by root accounts.')
  const role = callers.iam.roles.get(input.RoleArn)
  const actions = ['sts:AssumeRole']
  if (sessionTags(context, input).size > 0) actions.push('sts:TagSession')
  if (input.SourceIdentity !== undefined) actions.push('sts:SetSourceIdentity')
  for (const action of actions) requireAllowed(context, input, { action, role })
}

/** Gives temporary credentials of a role. */
export const assumeRole = async (context: OperationContext, input: AssumeRoleRequest): Promise<AssumedRole> => {
  const role = context.callers.iam.roles.get(input.RoleArn)
  if (!role) throw denied(context, 'sts:AssumeRole', input.RoleArn)
  const { sessionOf } = context.caller.identity
  const tags = sessionTags(context, input)
  const sourceIdentity = sessionOf?.sourceIdentity ?? input.SourceIdentity
  return newSession(context, {
    role,
    name: input.RoleSessionName,
    durationSeconds: input.DurationSeconds,
    maxSeconds: sessionOf ? chainedSeconds : role.maxSessionSeconds,
    policy: input.Policy,
    policyArns: input.PolicyArns,
    carried: {
      tags: Object.fromEntries(tags),
      transitiveTagKeys: [...new Set([...(sessionOf?.transitiveTagKeys ?? []), ...(input.TransitiveTagKeys ?? [])])],
      ...(sourceIdentity !== undefined && { sourceIdentity }),
    },
  })
}

/**
 * The tags of the session: those that are passed, and those that the caller's own session hands on, which cannot be
 * changed on the way.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
const sessionTags = ({ caller }: OperationContext, { Tags = [] }: AssumeRoleRequest): ReadonlyMap<string, string> => {
  const { sessionOf } = caller.identity
  const tags = new Map<string, string>()
  for (const { Key, Value } of Tags) {
    if (tags.has(Key))
      throw awsError('ValidationException', 'Duplicate tag keys found. Please note that tag keys are case insensitive.')
    if (sessionOf?.transitiveTagKeys.includes(Key))
      throw awsError(
        'ValidationException',
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      )
    tags.set(Key, Value)
  }
  for (const key of sessionOf?.transitiveTagKeys ?? []) tags.set(key, sessionOf?.tags[key] ?? '')
  return tags
}

const requireAllowed = (
  context: OperationContext,
  input: AssumeRoleRequest,
  { action, role }: { readonly action: string; readonly role: Role | undefined },
): void => {
  const { caller, nowMs } = context
  // A role that is not there is refused in the same words as one that may not be assumed.
  const decision =
    role &&
    judge({
      caller,
      nowMs,
      action,
      resource: role.arn,
      resourceAccount: role.account,
      asSent: input.RoleArn,
      guard: { kind: 'trust', policy: role.trustPolicy },
      conditions: conditionsOf(input, role),
    })
  if (!decision) throw denied(context, action, input.RoleArn)
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
}

const conditionsOf = (input: AssumeRoleRequest, role: Role): Conditions => {
  const { ExternalId, RoleSessionName, SourceIdentity, Tags = [], TransitiveTagKeys } = input
  return {
    'sts:ExternalId': ExternalId,
    'sts:RoleSessionName': RoleSessionName,
    'sts:SourceIdentity': SourceIdentity,
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
    `User: ${caller.identity.arn} is not authorized to perform: ${action} on resource: ${roleArn} because no role trust policy allows the ${action} action`,
  )
