import type { ContextValues, RequestContext } from './request.ts'

/** A request's context from its keys as AWS spells them. `undefined` and an empty list leave a key out. */
export const requestContext = (
  values: Readonly<Record<string, string | number | boolean | ContextValues | undefined>>,
): RequestContext => {
  const context = new Map<string, ContextValues>()
  for (const [key, value] of Object.entries(values)) {
    const list = typeof value === 'object' ? value : value === undefined ? [] : [String(value)]
    if (list.length > 0) context.set(key.toLowerCase(), list)
  }
  return context
}
