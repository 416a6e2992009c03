/** A range of Accept with its weight, `text/plain;q=0.5`: whatever is no weight says nothing here. */
const weightOf = (parameters: readonly string[]): number => {
  const weight = parameters.map((parameter) => /^\s*q\s*=\s*(\d(?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1])
  return Math.min(Number(weight.find((found) => found !== undefined) ?? 1), 1)
}

/** How much the ranges want a type: by the one that names it most exactly. 0: not at all. */
const wanted = (ranges: ReadonlyMap<string, number>, type: string): number =>
  ranges.get(type) ?? ranges.get(`${type.split('/')[0]}/*`) ?? ranges.get('*/*') ?? 0

/**
 * Whether an Accept header wants a plain text more than JSON. Who takes both alike, as browsers and HTTP libraries do
 * by default, gets JSON.
 * @see RFC 9110, 12.5.1
 */
export const wantsText = (accept: string): boolean => {
  // Nearly every Accept says nothing of texts.
  if (!/text\//i.test(accept)) return false
  const ranges = new Map<string, number>()
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';')
    ranges.set(type.trim().toLowerCase(), weightOf(parameters))
  }
  return wanted(ranges, 'text/plain') > wanted(ranges, 'application/json')
}
