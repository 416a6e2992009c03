import type { ContextValues, RequestContext } from '../request.ts'
import type { ValueTest } from './comparison.ts'
import { type Operator, type OperatorName, operators } from './operators.ts'

/** One key under one operator: `"StringEquals": { "aws:PrincipalTag/team": ["pay"] }`. */
export interface Condition {
  /** As written, with `ForAllValues:`, `IfExists` and the like. */
  readonly operator: string
  /** As written. */
  readonly key: string
  readonly values: readonly string[]
  /** Whether the values may have variables. */
  readonly variables: boolean
  readonly holds: (context: RequestContext) => boolean
}

/** Why a condition cannot be read. */
export interface ConditionProblem {
  /** `undefined` where the operator is the problem, else the number of the value. */
  readonly value?: number
  readonly message: string
}

export interface ConditionText {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
  /** Whether the policy's version knows variables. */
  readonly variables: boolean
}

/** A condition ready to be asked, or what is wrong with it. */
export const conditionOf = (text: ConditionText): Condition | ConditionProblem => {
  const { operator, key, values, variables } = text
  if (operator === 'Null') return nullCondition(text)
  const parts = operatorParts(operator)
  if (parts === undefined) return { message: 'is no condition operator' }
  const { comparison } = operators[parts.name]
  const tests: ValueTest[] = []
  for (const [index, value] of values.entries()) {
    const test = comparison.compile(value, variables)
    if (test === undefined) return { value: index, message: `has to be ${comparison.expects}` }
    tests.push(test)
  }
  return { operator, key, values, variables, holds: holding(key.toLowerCase(), tests, parts) }
}

interface OperatorParts {
  readonly name: OperatorName
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
  readonly ifExists: boolean
}

const operatorParts = (operator: string): OperatorParts | undefined => {
  const [, set, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? []
  if (!isOperatorName(name)) return undefined
  return { name, set: set as OperatorParts['set'], ifExists: ifExists !== undefined }
}

const isOperatorName = (name: string): name is OperatorName => Object.hasOwn(operators, name)

const holding = (key: string, tests: readonly ValueTest[], parts: OperatorParts): Condition['holds'] => {
  const operator: Operator = operators[parts.name]
  const withoutKey = holdsWithoutKey(parts, operator)
  return (context) => {
    const given = context.get(key)
    if (given === undefined || given.length === 0) return withoutKey
    const fits = (value: string): boolean => tests.some((test) => test(value, context)) !== operator.negated
    if (parts.set === 'ForAllValues') return isEmpty(given) || given.every(fits)
    if (parts.set === 'ForAnyValue') return !isEmpty(given) && given.some(fits)
    return operator.negated ? given.every(fits) : given.some(fits)
  }
}

const holdsWithoutKey = ({ set, ifExists }: OperatorParts, { negated }: Operator): boolean =>
  ifExists || set === 'ForAllValues' || (set === undefined && negated)

/** AWS: for the set operators, values that are all the empty string are no values. */
const isEmpty = (given: ContextValues): boolean => given.every((value) => value === '')

const nullCondition = ({ operator, key, values, variables }: ConditionText): Condition | ConditionProblem => {
  const wrong = values.findIndex((value) => !/^(?:true|false)$/i.test(value))
  if (wrong >= 0) return { value: wrong, message: 'has to be true or false' }
  const lowerKey = key.toLowerCase()
  const wanted = values.map((value) => value.toLowerCase() === 'true')
  return {
    operator,
    key,
    values,
    variables,
    holds: (context) => wanted.includes((context.get(lowerKey) ?? []).length === 0),
  }
}
