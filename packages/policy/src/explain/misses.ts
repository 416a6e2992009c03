import type { CompiledStatement } from '../compiled-policy.ts'
import type { Condition } from '../conditions/condition.ts'
import type { Statement } from '../document.ts'
import { areFixed, resolved, tokensOf } from '../match/tokens.ts'
import type { ContextValues, RequestContext } from '../request.ts'
import { actionFits, conditionHolds, type Question, reachOf, resourceFits } from '../verdict.ts'

/** What keeps a statement from matching. */
export type Miss = ElementMiss | ConditionMiss

export interface ElementMiss {
  readonly element: 'Principal' | 'NotPrincipal' | 'Action' | 'NotAction' | 'Resource' | 'NotResource'
  /** In a sentence. */
  readonly text: string
}

export interface ConditionMiss {
  readonly element: 'Condition'
  readonly operator: string
  readonly key: string
  /** What the policy asks for. */
  readonly wanted: readonly string[]
  /** What the request has; absent where it does not have the key. */
  readonly given?: ContextValues
  /** In a sentence. */
  readonly text: string
}

/** Every element and condition of a statement that does not fit a request, asked as the decision asks them. */
export const missesOf = (compiled: CompiledStatement, question: Question): readonly Miss[] => {
  const { statement, conditions } = compiled
  const { action, resource } = question.request
  return [
    ...(reachOf(compiled, question) === 'none' ? [principalMiss(statement)] : []),
    ...(actionFits(compiled, question) ? [] : [elementMiss(statement, 'Action', action)]),
    ...(resourceFits(compiled, question) ? [] : [elementMiss(statement, 'Resource', resource)]),
    ...conditions
      .filter((condition) => !conditionHolds(condition, question))
      .map((condition) => conditionMiss(condition, question)),
  ]
}

const principalMiss = ({ NotPrincipal, Effect }: Statement): ElementMiss => {
  if (NotPrincipal === undefined) return { element: 'Principal', text: 'Principal does not name the caller.' }
  const reason = Effect === 'Allow' ? 'has no effect with Allow' : 'names the caller and all that it belongs to'
  return { element: 'NotPrincipal', text: `NotPrincipal ${reason}.` }
}

const elementMiss = (statement: Statement, name: 'Action' | 'Resource', asked: string): ElementMiss =>
  statement[name] === undefined
    ? { element: `Not${name}`, text: `Not${name} excludes ${asked}.` }
    : { element: name, text: `${name} does not cover ${asked}.` }

const conditionMiss = (
  { operator, key, values, variables }: Condition,
  { request: { context } }: Question,
): ConditionMiss => {
  const given = context.get(key.toLowerCase())
  const state = given === undefined ? 'is absent from the request' : `is ${listed(given.map(quoted))}`
  const wanted = values.map((value) => (variables ? `${quoted(value)}${forRequest(value, context)}` : quoted(value)))
  return {
    element: 'Condition',
    operator,
    key,
    wanted: values,
    ...(given === undefined ? {} : { given }),
    text: `${operator} ${key}: the key ${state}; the policy asks for ${listed(wanted)}.`,
  }
}

/** What a value with variables is for this request. */
const forRequest = (value: string, context: RequestContext): string => {
  const tokens = tokensOf(value, { variables: true, wildcards: false }) ?? []
  if (areFixed(tokens)) return ''
  const fixed = resolved(tokens, context)
  if (fixed === undefined) return ' (a variable has no value)'
  return ` (here ${quoted(fixed.map((token) => (token.kind === 'text' ? token.text : '')).join(''))})`
}

const quoted = (value: string): string => JSON.stringify(value)

const listed = (values: readonly string[]): string => values.join(' or ') || 'nothing'
