import { conditionOf } from '../conditions/condition.ts'
import type { Conditions } from '../document.ts'
import type { ElementContext } from './elements.ts'
import { nameShown, objectAt, type Report } from './problems.ts'

/** The conditions of a `Condition` element. */
export const conditionsAt = (value: unknown, path: string, context: ElementContext): Conditions | undefined => {
  const given = objectAt(value, path, undefined, context.report)
  if (given === undefined) return undefined
  const operators = Object.entries(given).map(([operator, keys]) => [
    operator,
    keysAt(keys, { operator, path: `${path}.${operator}` }, context),
  ])
  return Object.fromEntries(operators) as Conditions
}

interface OperatorPlace {
  readonly operator: string
  readonly path: string
}

const keysAt = (
  value: unknown,
  { operator, path }: OperatorPlace,
  { report, variables }: ElementContext,
): Readonly<Record<string, readonly string[]>> => {
  const probe = conditionOf({ operator, key: '', values: [], variables })
  if ('message' in probe) {
    report(path.slice(0, path.length - operator.length - 1), `${nameShown(operator)} ${probe.message}`)
    return {}
  }
  const keys = Object.entries(objectAt(value, path, undefined, report) ?? {})
  const read = keys.map(([key, given]) => {
    const at = `${path}.${nameShown(key)}`
    if (!/^[^\s:]+:\S(?:.*\S)?$/.test(key)) report(at, 'has to be <service>:<name>')
    const values = valuesAt(given, at, report)
    const condition = conditionOf({ operator, key, values, variables })
    if ('message' in condition) {
      const index = Array.isArray(given) && condition.value !== undefined ? `[${condition.value}]` : ''
      report(`${at}${index}`, condition.message)
    }
    return [key, values] as const
  })
  return Object.fromEntries(read)
}

const valuesAt = (value: unknown, path: string, report: Report): readonly string[] => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.flatMap((item, index) => {
    if (typeof item === 'string') return [item]
    if (typeof item === 'number' || typeof item === 'boolean') return [String(item)]
    report(Array.isArray(value) ? `${path}[${index}]` : path, 'has to be text, a number, true or false')
    return []
  })
}
