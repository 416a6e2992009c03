import type { NamedPrincipals, Principals } from '../document.ts'
import { itemPath, objectAt, type Report, textsAt } from './problems.ts'

const principalTypes = ['AWS', 'Service', 'Federated'] as const

type PrincipalType = (typeof principalTypes)[number]

const account = String.raw`arn:aws[a-z-]*:(?:iam|sts)::\d{12}:`
const name = String.raw`[\w+=,.@-]+`

/** Wildcards stand for whole principals only, so none is allowed within an ARN. */
const forms: Readonly<Record<PrincipalType, { readonly form: RegExp; readonly expects: string }>> = {
  AWS: {
    form: new RegExp(
      String.raw`^(?:\*|\d{12}|A[A-Z]{3}[A-Z0-9]{12,124}|` +
        String.raw`${account}(?:root|(?:user|role)/(?:[!-.0-~]+/)*${name}|assumed-role/${name}/${name}|federated-user/${name}))$`,
    ),
    expects: '*, twelve digits, or the ARN of a root, user, role or session',
  },
  Service: { form: /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/, expects: 'the name of a service' },
  Federated: {
    form: /^(?:arn:aws[a-z-]*:iam::\d{12}:(?:oidc|saml)-provider\/[!-~]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/,
    expects: 'the ARN of an identity provider, or its domain',
  },
}

/** Those that a `Principal` or `NotPrincipal` element names. */
export const principalsAt = (value: unknown, path: string, report: Report): Principals | undefined => {
  if (value === '*') return value
  if (typeof value === 'string') {
    report(path, 'has to be an object, or *')
    return undefined
  }
  const given = objectAt(value, path, principalTypes, report)
  if (given === undefined) return undefined
  const named: Partial<Record<PrincipalType, readonly string[]>> = {}
  for (const type of principalTypes) {
    if (given[type] === undefined) continue
    const principals = textsAt(given[type], `${path}.${type}`, report)
    for (const [index, principal] of (principals ?? []).entries())
      if (!forms[type].form.test(principal))
        report(itemPath(given[type], `${path}.${type}`, index), `has to be ${forms[type].expects}`)
    if (principals) named[type] = principals
  }
  return named satisfies NamedPrincipals
}
