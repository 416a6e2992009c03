import { Buffer } from 'node:buffer'
import { parsePolicy } from '@keyplane/policy'
import { awsError } from '../aws-errors.ts'
import type { Role } from '../iam/identity.ts'
import { sessionPrincipal } from '../iam/callers.ts'
import type { Session } from '../iam/session-tokens.ts'
import { base32Text } from '../iam/unique-id.ts'
import type { OperationContext } from '../operation-context.ts'
import type { PolicyArn } from './members.ts'

/** What a new session is to be, as the caller asked for it. */
export interface WantedSession {
  readonly role: Role
  readonly name: string
  readonly durationSeconds: string | undefined
  /** AWS: an hour at most for a role that a role assumes. */
  readonly maxSeconds: number
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
}

/**
 * Makes a session of a role.
 * @throws AwsError ValidationException for a time that the role does not allow, MalformedPolicyDocument
 */
export const newSession = (context: OperationContext, wanted: WantedSession): AssumedRole => {
  const { random, nowMs, sessionTokens } = context
  const { role, name } = wanted
  const expiresAtMs = nowMs + secondsOf(wanted) * 1_000
  const session: Session = {
    accessKeyId: `ASIA${base32Text(random.bytes(16))}`,
    secretAccessKey: Buffer.from(random.bytes(30)).toString('base64'),
    roleArn: role.arn,
    name,
    issuedAtMs: nowMs,
    expiresAtMs,
    policies: policiesOf(context, wanted),
    ...wanted.carried,
  }
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: sessionTokens.seal(session),
      Expiration: `${new Date(expiresAtMs).toISOString().slice(0, 19)}Z`,
    },
    AssumedRoleUser: { AssumedRoleId: `${role.roleId}:${name}`, Arn: sessionPrincipal(role, name).arn },
  }
}

/** AWS: 15 minutes at least, and an hour where nothing is asked for. */
const minSeconds = 900
const usualSeconds = 3_600

const secondsOf = ({ durationSeconds, maxSeconds }: WantedSession): number => {
  const seconds = durationSeconds === undefined ? Math.min(usualSeconds, maxSeconds) : Number(durationSeconds)
  if (seconds < minSeconds)
    throw awsError(
      'ValidationException',
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${minSeconds}`,
    )
  if (seconds > maxSeconds)
    throw awsError(
      'ValidationException',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  return seconds
}

const policiesOf = ({ callers }: OperationContext, { policy, policyArns = [], role }: WantedSession): string[] => {
  if (policy !== undefined && !parsePolicy(policy, 'identity').ok)
    throw awsError('MalformedPolicyDocument', 'The session policy is malformed.')
  const managed = policyArns.map(({ arn }) => {
    const named = callers.iam.policies.get(arn.replace(/^arn:aws:iam::aws:/, `arn:aws:iam::${role.account}:`))
    if (named) return JSON.stringify(named)
    throw awsError('MalformedPolicyDocument', `The managed policy ${JSON.stringify(arn)} is not there.`)
  })
  return [...(policy === undefined ? [] : [policy]), ...managed]
}
