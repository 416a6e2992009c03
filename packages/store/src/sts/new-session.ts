import { Buffer } from 'node:buffer'
import { parsePolicy } from '@keyplane/policy'
import { awsError } from '../aws-errors.ts'
import type { Role } from '../iam/identity.ts'
import { sessionPrincipal } from '../iam/callers.ts'
import { sessionPolicy } from '../iam/session-policy.ts'
import type { Session } from '../iam/session-tokens.ts'
import { base32Text } from '../iam/unique-id.ts'
import type { OperationContext } from '../operation-context.ts'
import type { PolicyArn } from './members.ts'

/** What a new session is to be, as the caller asked for it. */
export interface WantedSession {
  readonly role: Role
  readonly name: string
  readonly durationSeconds: string | undefined
  /** Whether a role assumes it. */
  readonly isChained: boolean
  readonly policy: string | undefined
  readonly policyArns: readonly PolicyArn[] | undefined
  readonly carried: Pick<Session, 'tags' | 'transitiveTagKeys' | 'sourceIdentity' | 'federated'>
}

/** Temporary credentials, as STS answers them. */
export interface AssumedRole {
  readonly Credentials: {
    readonly AccessKeyId: string
    readonly SecretAccessKey: string
    readonly SessionToken: string
    /** ISO 8601. */
    readonly Expiration: string
  }
  readonly AssumedRoleUser: { readonly AssumedRoleId: string; readonly Arn: string }
  /** Percent of what a token may hold; absent where there are no policies and no tags. */
  readonly PackedPolicySize?: number
}

/** Headers of a call hold 16 KiB, and some of them are the client's. */
const maxTokenLength = 8_192

/**
 * Makes a session of a role, and notes in the call's record how to know it again.
 * @throws AwsError ValidationException for a time that the role does not allow, MalformedPolicyDocument,
 * PackedPolicyTooLarge
 */
export const newSession = (context: OperationContext, wanted: WantedSession): AssumedRole => {
  const { sessionTokens, call } = context
  const { role, name, carried } = wanted
  const session = sessionOf(context, wanted)
  const token = sessionTokens.seal(session)
  const percent = Math.ceil((token.length * 100) / maxTokenLength)
  if (percent > 100)
    throw awsError('PackedPolicyTooLarge', `Packed policies and tags consume ${percent}% of allotted space.`)
  const isPacked = session.policy !== undefined || session.policyArns.length > 0 || Object.keys(carried.tags).length > 0
  const { accessKeyId, secretAccessKey, expiresAtMs } = session
  call.note({
    RoleSessionName: name,
    AccessKeyId: accessKeyId,
    ...(carried.sourceIdentity !== undefined && { SourceIdentity: carried.sourceIdentity }),
  })
  return {
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: token,
      Expiration: `${new Date(expiresAtMs).toISOString().slice(0, 19)}Z`,
    },
    AssumedRoleUser: { AssumedRoleId: `${role.roleId}:${name}`, Arn: sessionPrincipal(role, name).arn },
    ...(isPacked && { PackedPolicySize: percent }),
  }
}

const sessionOf = (context: OperationContext, wanted: WantedSession): Session => {
  const { random, nowMs } = context
  const { role, name, policy } = wanted
  requirePolicies(context, wanted)
  return {
    accessKeyId: `ASIA${base32Text(random.bytes(16))}`,
    secretAccessKey: Buffer.from(random.bytes(30)).toString('base64'),
    roleArn: role.arn,
    roleId: role.roleId,
    name,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + secondsOf(wanted) * 1_000,
    ...(policy !== undefined && { policy }),
    policyArns: (wanted.policyArns ?? []).map(({ arn }) => arn),
    ...wanted.carried,
  }
}

/** AWS: 15 minutes at least, and an hour where nothing is asked for; no role allows less than that. */
const minSeconds = 900
const usualSeconds = 3_600
/** AWS: for a role that is assumed from a role's session, whatever it allows. */
const chainedSeconds = 3_600

const secondsOf = ({ durationSeconds, isChained, role }: WantedSession): number => {
  const seconds = durationSeconds === undefined ? usualSeconds : Number(durationSeconds)
  if (seconds < minSeconds)
    throw awsError(
      'ValidationException',
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${minSeconds}`,
    )
  if (isChained && seconds > chainedSeconds)
    throw awsError(
      'ValidationException',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  if (seconds > role.maxSessionSeconds)
    throw awsError(
      'ValidationException',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  return seconds
}

const requirePolicies = ({ callers }: OperationContext, { policy, policyArns = [], role }: WantedSession): void => {
  if (policy !== undefined && !parsePolicy(policy, 'identity').ok)
    throw awsError('MalformedPolicyDocument', 'The session policy is malformed.')
  for (const { arn } of policyArns)
    if (!sessionPolicy(callers.iam, role.account, arn))
      throw awsError('MalformedPolicyDocument', `The managed policy ${JSON.stringify(arn)} is not there.`)
}
