import { SecretsError } from '@keyplane/core'

/** A login. The token is shown this once. */
export interface ServiceSession {
  readonly token: string
  readonly expiresAtMs: number
  readonly user: string
  readonly roles: readonly string[]
}

/** Who asks the service, and what he may do there. */
export interface Whoami {
  readonly name: string
  readonly kind: string
  readonly roles: readonly string[]
  /** Of a login. */
  readonly expiresAtMs?: number
  /** What he may do to the service as a whole. */
  readonly actions: readonly string[]
  /** The tools whose configuration he may read, by environment. */
  readonly access: readonly { readonly environment: string; readonly tools: readonly string[] }[]
}

type Members = Readonly<Record<string, unknown>>

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `The service's answer has no ${what}.`, { source: 'service' })

const objectOf = (thing: unknown, what: string): Members => {
  if (typeof thing === 'object' && thing !== null && !Array.isArray(thing)) return thing as Members
  throw malformed(what)
}

const bodyOf = (text: string): Members => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which holds a token.
  }
  return objectOf(body, 'JSON')
}

const textOf = (member: unknown, what: string): string => {
  if (typeof member === 'string') return member
  throw malformed(what)
}

const listOf = <T>(member: unknown, what: string, each: (one: unknown) => T): readonly T[] => {
  if (Array.isArray(member)) return member.map(each)
  throw malformed(what)
}

const textsOf = (member: unknown, what: string): readonly string[] => listOf(member, what, (one) => textOf(one, what))

const momentOf = (member: unknown): number => {
  const ms = Date.parse(textOf(member, 'expiresAt'))
  if (Number.isNaN(ms)) throw malformed('expiresAt that is a date')
  return ms
}

/** A login as the service answered it. @throws SecretsError `bad_response`. */
export const parseSession = (text: string): ServiceSession => {
  const { token, expiresAt, user, roles } = bodyOf(text)
  return Object.freeze({
    token: textOf(token, 'token'),
    expiresAtMs: momentOf(expiresAt),
    user: textOf(user, 'user'),
    roles: textsOf(roles, 'roles'),
  })
}

/** When a session ends that lasts on, as the service answered it. @throws SecretsError `bad_response`. */
export const parseRenewal = (text: string): Pick<ServiceSession, 'expiresAtMs'> => ({
  expiresAtMs: momentOf(bodyOf(text)['expiresAt']),
})

/** Who asks, as the service answered it. @throws SecretsError `bad_response`. */
export const parseWhoami = (text: string): Whoami => {
  const { name, kind, roles, expiresAt, actions, access } = bodyOf(text)
  return Object.freeze({
    name: textOf(name, 'name'),
    kind: textOf(kind, 'kind'),
    roles: textsOf(roles, 'roles'),
    ...(expiresAt !== undefined && { expiresAtMs: momentOf(expiresAt) }),
    actions: textsOf(actions, 'actions'),
    access: listOf(access, 'access', (one) => {
      const { environment, tools } = objectOf(one, 'access')
      return { environment: textOf(environment, 'environment'), tools: textsOf(tools, 'tools') }
    }),
  })
}
