import { SigningKeyCache, verifySignature } from '@keyplane/aws'
import type { Clock } from '@keyplane/core'
import { awsError } from './aws-errors.ts'
import { anonymous } from './call.ts'
import { isLocalRequest } from './http/local-request.ts'
import type { Callers } from './iam/callers.ts'
import type { Identity } from './iam/identity.ts'
import { rootIdentity } from './iam/root-identity.ts'
import type { Operation } from './operation.ts'
import type { Caller } from './caller.ts'
import type { AppRequest } from './protocols/protocol.ts'

/** A request whose caller is not known yet. */
export interface Unidentified {
  readonly request: AppRequest
  /** The service that it has to be signed for. */
  readonly service: string
  readonly operation: Operation | undefined
}

/** Tells who calls. @throws AwsError for a caller who does not prove who he is. */
export type Authenticate = (unidentified: Unidentified) => Caller

export interface AuthenticateParts {
  readonly callers: Callers
  readonly clock: Clock
}

/** By signature: in the headers or presigned, with long-lived keys or those of a session. */
export const authenticateWith = ({ callers, clock }: AuthenticateParts): Authenticate => {
  const signingKeys = new SigningKeyCache()
  return ({ request, service, operation }) => {
    if (operation?.unsigned) return callerOf(nobody, anonymousRegion, request)
    let identity: Identity | undefined
    const verified = verifySignature(request, {
      findSecretKey: (accessKeyId, sessionToken) => {
        const found = callers.find(accessKeyId, sessionToken)
        identity = found?.identity
        return found
      },
      services: [service],
      nowMs: clock.nowMs(),
      signingKeys,
    })
    if (!verified.ok) throw awsError(verified.error, verified.message)
    if (!identity)
      throw awsError('UnrecognizedClientException', 'The security token included in the request is invalid.')
    if (!isRegion(verified.region))
      throw awsError('InvalidSignatureException', 'Credential should be scoped to a valid region.')
    return callerOf(identity, verified.region, request)
  }
}

/**
 * By nothing: every caller is the root user of the account. The region is that of the signature, if there is one, which
 * is not verified. Pages of other machines, which a browser on this one shows, are no callers.
 */
export const authenticateAnybody =
  (account: string): Authenticate =>
  ({ request }) => {
    if (!isLocalRequest(request.header))
      throw awsError(
        'AccessDeniedException',
        'Without authentication, only requests to this machine are taken: Host, and Origin where there is one, have to name localhost or a loopback address.',
      )
    const [, region = ''] = /Credential=[^/]*\/\d{8}\/([^/]*)\//.exec(request.header('authorization') ?? '') ?? []
    return callerOf(rootIdentity(account), isRegion(region) ? region : anonymousRegion, request)
  }

const isRegion = (text: string): boolean => /^[a-z]{2,}(?:-[a-z0-9]+)+$/.test(text)

/** AWS's first; a call without a signature names none. */
const anonymousRegion = 'us-east-1'

const nobody: Identity = {
  principal: { kind: 'federated', provider: anonymous },
  arn: anonymous,
  account: '',
  userId: anonymous,
  policies: [],
  tags: new Map(),
}

const callerOf = (identity: Identity, region: string, { header, sourceIp }: AppRequest): Caller => {
  const userAgent = header('user-agent')
  return {
    principal: identity.arn,
    account: identity.account,
    region,
    identity,
    sourceIp,
    ...(userAgent !== undefined && { userAgent }),
    isSecure: false,
  }
}
