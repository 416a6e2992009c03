import { nameShown } from './problems.ts'

interface Level {
  readonly kind: 'document' | 'object' | 'list'
  readonly path: string
  /** The names so far, in an object. */
  readonly names: Set<string>
  member: string
  items: number
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/**
 * The paths of members that a JSON text has twice. `JSON.parse` would keep the last one only, and with it a `Deny` could
 * lose its meaning unseen.
 * @param json valid JSON
 */
export const repeatedMembers = (json: string): readonly string[] => {
  const repeated: string[] = []
  const levels: Level[] = [{ kind: 'document', path: '', names: new Set(), member: '', items: 0 }]
  let text = ''
  for (const [token] of json.matchAll(tokens)) {
    const level = levels[levels.length - 1]
    if (level === undefined) break
    if (token === '{' || token === '[') {
      const kind = token === '{' ? 'object' : 'list'
      levels.push({ kind, path: pathWithin(level), names: new Set(), member: '', items: 0 })
    } else if (token === '}' || token === ']') levels.pop()
    else if (token === ',') level.items += 1
    else if (token === ':') {
      level.member = JSON.parse(text) as string
      if (level.names.has(level.member)) repeated.push(pathWithin(level))
      level.names.add(level.member)
    } else text = token
  }
  return repeated
}

const pathWithin = ({ kind, path, member, items }: Level): string => {
  if (kind === 'document') return ''
  if (kind === 'list') return `${path}[${items}]`
  const name = /^\w{1,40}$/.test(member) ? member : nameShown(member)
  return path === '' ? name : `${path}.${name}`
}
