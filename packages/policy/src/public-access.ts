import type { Policy, Principals, Statement } from './document.ts'

/**
 * Whether a resource's policy allows the public: a statement allows anyone, and no condition ties it to principals or
 * sources that are named in full. What other statements deny is not considered.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html
 */
export const grantsPublicAccess = (policy: Policy): boolean =>
  policy.Statement.some(
    (statement) => statement.Effect === 'Allow' && isOpen(statement) && !isTied(statement, policy.Version),
  )

const isOpen = ({ Principal, NotPrincipal }: Statement): boolean =>
  NotPrincipal !== undefined || (Principal !== undefined && isAnyone(Principal))

const isAnyone = (principals: Principals): boolean => principals === '*' || (principals.AWS ?? []).includes('*')

/** Conditions that hold only for those that they name. */
const tyingOperators = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like))$/

const tyingKeys: ReadonlySet<string> = new Set([
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceaccount',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
])

const isTied = ({ Condition = {} }: Statement, version: Policy['Version']): boolean =>
  Object.entries(Condition).some(
    ([operator, keys]) =>
      tyingOperators.test(operator) &&
      Object.entries(keys).some(
        ([key, values]) =>
          tyingKeys.has(key.toLowerCase()) &&
          !values.some((value) => /[*?]/.test(value) || (version === '2012-10-17' && value.includes('${'))),
      ),
  )
