import type { SignatureRefusal } from './refusal.ts'
import { refusal } from './refusal.ts'
import { type SigningScope, scopeTerminator } from './signing-key.ts'
import { sigV4Algorithm } from './signature.ts'

/** What an `Authorization` header of SigV4 says. */
export interface Authorization {
  readonly accessKeyId: string
  readonly scope: SigningScope
  /** Lower-case, sorted, each once. */
  readonly signedHeaders: readonly string[]
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string
}

/** What a signed request says of itself, wherever it says it: nothing of it is proved yet. */
export interface Claim extends Authorization {
  /** As it stands there: `20150830T123600Z`. */
  readonly date: string
  readonly atMs: number
  /** How long after `atMs` it may be used; absent: no longer than clocks may differ. */
  readonly validForMs?: number
  readonly sessionToken?: string
  /** The target without the signature. */
  readonly target: string
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | SignatureRefusal

const incomplete = (message: string): SignatureRefusal => refusal('IncompleteSignatureException', message)

const parameterNames = ['Credential', 'Signature', 'SignedHeaders'] as const

type Parameters = Readonly<Record<(typeof parameterNames)[number], string>>

const parseParameters = (header: string, rest: string): Parsed<Parameters> => {
  const found = new Map<string, string>()
  for (const part of rest.split(',')) {
    const parameter = part.trim()
    const equals = parameter.indexOf('=')
    const name = parameter.slice(0, Math.max(equals, 0))
    if (equals < 0 || /\s/.test(parameter))
      return incomplete(
        `'${parameter.split(/\s+/).at(-1)}' not a valid key=value pair (missing equal-sign) in Authorization header: '${header}'.`,
      )
    if (found.has(name)) return incomplete(`Authorization header has '${name}' more than once.`)
    found.set(name, parameter.slice(equals + 1))
  }
  const missing = parameterNames.filter((name) => !found.get(name))
  if (missing.length > 0)
    return incomplete(
      missing
        .map((name) => `Authorization header requires '${name}' parameter. `)
        .join('')
        .trimEnd(),
    )
  const [Credential = '', Signature = '', SignedHeaders = ''] = parameterNames.map((name) => found.get(name))
  return { ok: true, value: { Credential, Signature, SignedHeaders } }
}

const parseCredential = (text: string): Parsed<Pick<Authorization, 'accessKeyId' | 'scope'>> => {
  const parts = text.split('/')
  const [accessKeyId = '', date = '', region = '', service = '', terminator] = parts
  if (parts.length !== 5 || accessKeyId === '')
    return incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${text}'`,
    )
  if (terminator !== scopeTerminator)
    return refusal(
      'InvalidSignatureException',
      `Credential should be scoped with a valid terminator: '${scopeTerminator}', not '${terminator}'. `,
    )
  return { ok: true, value: { accessKeyId, scope: { date, region, service } } }
}

const isSortedAndUnique = (names: readonly string[]): boolean =>
  names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name)

/** Reads an `Authorization` header strictly; a refusal has AWS's error name and text where AWS has one. */
export const parseAuthorization = (header: string): Parsed<Authorization> => {
  const space = header.indexOf(' ')
  const algorithm = space < 0 ? header : header.slice(0, space)
  if (!algorithm.startsWith('AWS4-')) return refusal('MissingAuthenticationTokenException')
  if (algorithm !== sigV4Algorithm) return incomplete(`Unsupported AWS 'algorithm': '${algorithm}'.`)

  const parameters = parseParameters(header, header.slice(algorithm.length))
  if (!parameters.ok) return parameters
  const credential = parseCredential(parameters.value.Credential)
  if (!credential.ok) return credential
  const signedHeaders = parameters.value.SignedHeaders.split(';')
  if (!signedHeaders.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) || !isSortedAndUnique(signedHeaders))
    return refusal('InvalidSignatureException')
  if (!/^[0-9a-f]{64}$/.test(parameters.value.Signature)) return refusal('InvalidSignatureException')
  return { ok: true, value: { ...credential.value, signedHeaders, signature: parameters.value.Signature } }
}
