import { arnMatches } from './arn.ts'
import { globMatches } from './glob.ts'
import { sameNetwork } from './ip.ts'
import { instantOf } from './time.ts'
import { type Reading, readPattern, readText } from './variables.ts'

/** Whether one value of a request matches one value of a policy, for the operators that are not negations. */
export type Compare = (asked: string, wanted: string, reading: Reading) => boolean

const ordered =
  (read: (text: string) => number | undefined, holds: (asked: number, wanted: number) => boolean): Compare =>
  (asked, wanted) => {
    const [left, right] = [read(asked), read(wanted)]
    return left !== undefined && right !== undefined && holds(left, right)
  }

const numberOf = (text: string): number | undefined => (/^-?\d+(\.\d+)?$/u.test(text) ? Number(text) : undefined)

const equal = (asked: number, wanted: number): boolean => asked === wanted
const less = (asked: number, wanted: number): boolean => asked < wanted
const lessOrEqual = (asked: number, wanted: number): boolean => asked <= wanted
const greater = (asked: number, wanted: number): boolean => asked > wanted
const greaterOrEqual = (asked: number, wanted: number): boolean => asked >= wanted

const arn: Compare = (asked, wanted, reading) => {
  const pieces = readPattern(wanted, reading)
  return pieces !== undefined && arnMatches(pieces, asked)
}

/** "You can't use a policy variable with other operators, such as Numeric, Date, Boolean, Binary, IP Address". */
export const comparisons: Readonly<Record<string, Compare>> = {
  StringEquals: (asked, wanted, reading) => readText(wanted, reading) === asked,
  StringEqualsIgnoreCase: (asked, wanted, reading) => readText(wanted, reading)?.toLowerCase() === asked.toLowerCase(),
  StringLike: (asked, wanted, reading) => {
    const pieces = readPattern(wanted, reading)
    return pieces !== undefined && globMatches(pieces, asked)
  },
  NumericEquals: ordered(numberOf, equal),
  NumericLessThan: ordered(numberOf, less),
  NumericLessThanEquals: ordered(numberOf, lessOrEqual),
  NumericGreaterThan: ordered(numberOf, greater),
  NumericGreaterThanEquals: ordered(numberOf, greaterOrEqual),
  DateEquals: ordered(instantOf, equal),
  DateLessThan: ordered(instantOf, less),
  DateLessThanEquals: ordered(instantOf, lessOrEqual),
  DateGreaterThan: ordered(instantOf, greater),
  DateGreaterThanEquals: ordered(instantOf, greaterOrEqual),
  Bool: (asked, wanted) => asked === wanted,
  BinaryEquals: (asked, wanted) => Buffer.from(asked, 'base64').equals(Buffer.from(wanted, 'base64')),
  IpAddress: (asked, wanted) => sameNetwork(asked, wanted),
  // "ArnEquals and ArnLike behave identically."
  ArnEquals: arn,
  ArnLike: arn,
}

/** The operators that are told as "negated matching", and what each negates. */
export const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
}
