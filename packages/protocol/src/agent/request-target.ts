/** A request line's target, taken apart but not decoded. Every text holds one character a byte, as `node:http` gives it. */
export interface RequestTarget {
  /** Of an absolute-form target (`http://host/path`), which stands above the Host header; otherwise absent. */
  readonly authority?: string
  /** Begins with a slash; `*` and the like give an empty one. */
  readonly path: string
  /** What follows the first question mark; empty where there is none. */
  readonly query: string
}

/** Takes a target apart. What follows a `#` is cut, as URL parsers do. */
export const splitTarget = (target: string): RequestTarget => {
  const hash = target.indexOf('#')
  const whole = hash < 0 ? target : target.slice(0, hash)
  const absolute = /^https?:\/\/([^/?]*)/i.exec(whole)
  const rest = absolute ? whole.slice(absolute[0].length) : whole
  const question = rest.indexOf('?')
  const path = question < 0 ? rest : rest.slice(0, question)
  const query = question < 0 ? '' : rest.slice(question + 1)
  if (absolute) return { authority: absolute[1] ?? '', path: path === '' ? '/' : path, query }
  return { path: path.startsWith('/') ? path : '', query }
}
