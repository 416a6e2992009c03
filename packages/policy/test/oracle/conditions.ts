import type { Conditions, ContextValues } from '@keyplane/policy'
import { comparisons, negations } from './compare.ts'
import type { Reading } from './variables.ts'

/** Told of each operator that was tried: its name and what it gave. */
export type Tally = (what: string) => void

/** "If your policy has multiple condition operators or multiple keys … evaluated using a logical AND." */
export const conditionsHold = (conditions: Conditions, reading: Reading, tally: Tally): boolean => {
  let all = true
  for (const [operator, keys] of Object.entries(conditions)) {
    for (const [key, wanted] of Object.entries(keys)) {
      // "Context key names are not case-sensitive" ("Condition").
      const asked = reading.context.get(key.toLowerCase())
      const holds = conditionHolds(operator, asked, wanted, reading)
      for (const what of kindsOf(operator)) tally(`${what} of a key ${asked ? 'present' : 'absent'}: ${holds}`)
      if (!holds) all = false
    }
  }
  return all
}

/** What of an operator's name decides: the comparison where it stands alone, else how it is qualified. */
const kindsOf = (operator: string): readonly string[] => {
  const [, set = '', name = '', ifExists = ''] = /^(ForA\w+:)?(.*?)(IfExists)?$/u.exec(operator) ?? []
  return set === '' && ifExists === '' ? [name] : [`${set}${name in negations ? 'Negated' : 'Positive'}${ifExists}`]
}

const conditionHolds = (
  operator: string,
  asked: ContextValues | undefined,
  wanted: readonly string[],
  reading: Reading,
): boolean => {
  const [, set, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/u.exec(operator) ?? []
  // "true (the key doesn't exist — it is null) or false (the key exists and its value is not null)".
  if (name === 'Null') return wanted.some((value) => (value === 'true') === (asked === undefined))
  if (asked === undefined) return absentHolds(set, name in negations, ifExists !== undefined)
  const compare = comparisons[negations[name] ?? name]
  if (compare === undefined) throw new Error(`no such operator: ${name}`)
  const matches = (value: string): boolean => wanted.some((one) => compare(value, one, reading))
  // "multiple values for one key … evaluated using a logical OR", negated ones "using a logical NOR".
  const passes = (value: string): boolean => (name in negations ? !matches(value) : matches(value))
  // "or if the context key value resolves to a null dataset, such as an empty string": as if there were no values.
  const none = asked.every((value) => value === '')
  if (set === 'ForAllValues') return none || asked.every(passes)
  if (set === 'ForAnyValue') return !none && asked.some(passes)
  // Not told for keys with several values: a positive operator holds where any matches, a negated one where none does.
  return name in negations ? !asked.some(matches) : asked.some(matches)
}

const absentHolds = (set: string | undefined, negated: boolean, ifExists: boolean): boolean => {
  // "If the key is not present, evaluate the condition element as true." Taken to hold under ForAnyValue as well.
  if (ifExists) return true
  // "returns true if there are no context keys in the request" ("Single-valued vs. multivalued context keys").
  if (set === 'ForAllValues') return true
  if (set === 'ForAnyValue') return false
  // "not present in the request context … the condition is false. If the policy condition requires that the key is not
  // matched … the condition is true."
  return negated
}
