import { SecretsError } from '@keyplane/core'

/** What a field of a cron expression may hold. */
export interface FieldBounds {
  readonly name: string
  readonly min: number
  readonly max: number
  /** Names for its numbers, from `min` on. */
  readonly names?: readonly string[]
}

/**
 * The numbers that a field stands for: `*`, `5`, `1-5`, `MON-FRI`, `2/10`, `/10`, and lists of these.
 * @throws SecretsError `config_invalid`
 */
export const parseField = (text: string, bounds: FieldBounds): ReadonlySet<number> =>
  new Set(text.split(',').flatMap((item) => itemNumbers(item, bounds)))

const itemNumbers = (item: string, bounds: FieldBounds): readonly number[] => {
  const [, range = '', step] = /^([^/]*)(?:\/(\d{1,4}))?$/.exec(item) ?? refuse(item, bounds)
  const stride = step === undefined ? 1 : Number(step)
  if (stride < 1 || (range === '' && step === undefined)) refuse(item, bounds)
  const [first, last] = rangeOf(range, step !== undefined, item, bounds)
  return Array.from({ length: Math.floor((last - first) / stride) + 1 }, (_, index) => first + index * stride)
}

/** With a step, a single number is where it begins. */
const rangeOf = (
  range: string,
  hasStep: boolean,
  item: string,
  bounds: FieldBounds,
): readonly [first: number, last: number] => {
  if (range === '*' || range === '') return [bounds.min, bounds.max]
  const [from = '', until, ...more] = range.split('-')
  if (more.length > 0) refuse(item, bounds)
  const first = fieldNumber(from, bounds)
  const last = until === undefined ? (hasStep ? bounds.max : first) : fieldNumber(until, bounds)
  return first <= last ? [first, last] : refuse(item, bounds)
}

/** A number within the bounds, or a name for one. @throws SecretsError `config_invalid` */
export const fieldNumber = (text: string, bounds: FieldBounds): number => {
  const named = bounds.names?.indexOf(text.toUpperCase()) ?? -1
  const number = named >= 0 ? bounds.min + named : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  return number >= bounds.min && number <= bounds.max ? number : refuse(text, bounds)
}

const refuse = (item: string, { name, min, max }: FieldBounds): never => {
  throw new SecretsError(
    'config_invalid',
    `The schedule's ${name} can't be ${JSON.stringify(item)}; its numbers are ${min} to ${max}.`,
  )
}
