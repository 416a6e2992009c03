import { builtin } from './builtin.ts'
import { createMasker, type Masker, type MaskerOptions } from './masker.ts'

type Print = (...values: readonly unknown[]) => void

/** Methods whose values are put together to one text, `%s` and its like replaced. */
const formatting: ReadonlySet<string> = new Set([
  'debug',
  'error',
  'group',
  'groupCollapsed',
  'info',
  'log',
  'trace',
  'warn',
])

const printMasked = (print: Print, masker: Masker): Print => {
  return (...values) => {
    if (values.length === 0) return print()
    // One text, so that a secret whose name is in another argument is found; `%s` because it may hold a `%` itself.
    print(
      '%s',
      masker.text(builtin('node:util').formatWithOptions({}, ...values.map((value) => maskArgument(value, masker)))),
    )
  }
}

/** A text may be a format that waits for its arguments; it is masked once they are in it. */
const maskArgument = (value: unknown, masker: Masker): unknown =>
  typeof value === 'string' ? value : masker.data(value)

const assertMasked = (assert: Print, masker: Masker): Print => {
  const print = printMasked((...values) => assert(false, ...values), masker)
  return (condition, ...values) => {
    if (!condition) print(...values)
  }
}

/**
 * A console that masks what is printed through it; the one given is not changed. `log` and its like print one text,
 * so colours of inspected objects are lost.
 */
export const maskConsole = <C extends object>(target: C, options: MaskerOptions = {}): C => {
  const masker = createMasker(options)
  const masked: Record<string, unknown> = {}
  for (const [name, method] of Object.entries(target)) {
    if (typeof method !== 'function') continue
    const print = (...values: readonly unknown[]): unknown => Reflect.apply(method, target, values)
    if (formatting.has(name)) masked[name] = printMasked(print, masker)
    else if (name === 'assert') masked[name] = assertMasked(print, masker)
    else masked[name] = (...values: readonly unknown[]): unknown => print(...masker.data(values))
  }
  return Object.assign(Object.create(target) as C, masked)
}
