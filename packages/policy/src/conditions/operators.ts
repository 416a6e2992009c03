import { likeArn } from './arn.ts'
import { equalBytes } from './bytes.ts'
import type { Comparison } from './comparison.ts'
import { dates } from './date.ts'
import { withinRange } from './ip-address.ts'
import { numbers } from './number.ts'
import { equalText, equalTextIgnoringCase, likeText } from './text.ts'
import { truth } from './truth.ts'

/** What an operator of a condition asks of a request's values. */
export interface Operator {
  readonly comparison: Comparison
  /** Whether it asks that no value compares so. */
  readonly negated: boolean
}

const is = (comparison: Comparison): Operator => ({ comparison, negated: false })
const isNot = (comparison: Comparison): Operator => ({ comparison, negated: true })
const equal = (given: number, wanted: number): boolean => given === wanted
const less = (given: number, wanted: number): boolean => given < wanted
const atMost = (given: number, wanted: number): boolean => given <= wanted
const greater = (given: number, wanted: number): boolean => given > wanted
const atLeast = (given: number, wanted: number): boolean => given >= wanted

/** The operators that compare values. */
export type OperatorName =
  | `String${'' | 'Not'}${'Equals' | 'EqualsIgnoreCase' | 'Like'}`
  | `${'Numeric' | 'Date'}${'Equals' | 'NotEquals' | `${'LessThan' | 'GreaterThan'}${'' | 'Equals'}`}`
  | 'Bool'
  | 'BinaryEquals'
  | 'IpAddress'
  | 'NotIpAddress'
  | `Arn${'' | 'Not'}${'Equals' | 'Like'}`

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
export const operators: Readonly<Record<OperatorName, Operator>> = {
  StringEquals: is(equalText),
  StringNotEquals: isNot(equalText),
  StringEqualsIgnoreCase: is(equalTextIgnoringCase),
  StringNotEqualsIgnoreCase: isNot(equalTextIgnoringCase),
  StringLike: is(likeText),
  StringNotLike: isNot(likeText),
  NumericEquals: is(numbers(equal)),
  NumericNotEquals: isNot(numbers(equal)),
  NumericLessThan: is(numbers(less)),
  NumericLessThanEquals: is(numbers(atMost)),
  NumericGreaterThan: is(numbers(greater)),
  NumericGreaterThanEquals: is(numbers(atLeast)),
  DateEquals: is(dates(equal)),
  DateNotEquals: isNot(dates(equal)),
  DateLessThan: is(dates(less)),
  DateLessThanEquals: is(dates(atMost)),
  DateGreaterThan: is(dates(greater)),
  DateGreaterThanEquals: is(dates(atLeast)),
  Bool: is(truth),
  BinaryEquals: is(equalBytes),
  IpAddress: is(withinRange),
  NotIpAddress: isNot(withinRange),
  ArnEquals: is(likeArn),
  ArnNotEquals: isNot(likeArn),
  ArnLike: is(likeArn),
  ArnNotLike: isNot(likeArn),
}
