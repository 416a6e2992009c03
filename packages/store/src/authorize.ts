import type { Caller } from './operation-context.ts'

/** What a caller wants to do. */
export interface AccessRequest {
  readonly caller: Caller
  /** `secretsmanager:GetSecretValue`. */
  readonly action: string
  /** The secret as the caller named it; absent for actions that concern none. */
  readonly resource?: string
  /** The account that the secret would be in. */
  readonly resourceAccount: string
}

export type AccessDecision = { readonly allowed: true } | { readonly allowed: false; readonly message: string }

/** Decides whether a caller may do something. It is asked before the secret is looked up. */
export type Authorize = (request: AccessRequest) => AccessDecision | Promise<AccessDecision>

/** The users of the account that owns the store may do everything in it; nobody else may do anything. */
export const ownersMayAll =
  (account: string): Authorize =>
  (request) => {
    if (request.caller.account !== account) return { allowed: false, message: denial(request, 'identity-based') }
    if (request.resourceAccount !== account) return { allowed: false, message: denial(request, 'resource-based') }
    return { allowed: true }
  }

/** AWS's text of an implicit denial. */
const denial = ({ caller, action, resource }: AccessRequest, policy: string): string =>
  `User: ${caller.principal} is not authorized to perform: ${action}` +
  `${resource === undefined ? '' : ` on resource: ${resource}`} because no ${policy} policy allows the ${action} action`
