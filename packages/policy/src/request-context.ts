import type { ContextValues, RequestContext } from './request.ts'

/**
 * A request's context from its keys as AWS spells them. `undefined` and an empty list leave a key out. Keys that differ in
 * case only are one, which has the values of all: none of them may hide another.
 */
export const requestContext = (
  values: Readonly<Record<string, string | number | boolean | ContextValues | undefined>>,
): RequestContext => {
  const context = new Map<string, ContextValues>()
  for (const [key, value] of Object.entries(values)) {
    const list = typeof value === 'object' ? value : value === undefined ? [] : [String(value)]
    if (list.length === 0) continue
    const name = key.toLowerCase()
    const before = context.get(name)
    context.set(name, before ? [...before, ...list] : list)
  }
  return context
}
