import { awsError } from '../aws-errors.ts'

type Node = { [name: string]: Node | string }

/** AWS's lists in forms are short; a number beyond it is no index but an attempt to fill memory. */
const maxIndex = 200

/**
 * The members that a query call's form names: `Tags.member.1.Key=a` is the first item of the list `Tags`. Numbers stay
 * texts, `Action` and `Version` are left out.
 * @throws AwsError SerializationException
 */
export const formMembers = (form: URLSearchParams): unknown => {
  const root: Node = Object.create(null)
  for (const [name, value] of form) if (name !== 'Action' && name !== 'Version') put(root, name.split('.'), value)
  return listed(root)
}

const put = (node: Node, path: readonly string[], value: string): void => {
  const [first = '', ...rest] = path
  if (rest.length === 0) {
    if (first in node) throw malformed()
    node[first] = value
    return
  }
  const inner = (node[first] ??= Object.create(null) as Node)
  if (typeof inner === 'string' || rest.length > 6) throw malformed()
  put(inner, rest, value)
}

/** Turns `{ member: { 1: …, 2: … } }` into a list. */
const listed = (node: Node | string): unknown => {
  if (typeof node === 'string') return node
  const { member } = node
  if (member !== undefined && typeof member !== 'string' && Object.keys(node).length === 1) {
    const indexes = Object.keys(member)
    if (indexes.some((index) => !/^[1-9]\d{0,2}$/.test(index) || Number(index) > maxIndex)) throw malformed()
    return indexes.sort((a, b) => Number(a) - Number(b)).map((index) => listed(member[index] ?? ''))
  }
  return Object.fromEntries(Object.entries(node).map(([name, inner]) => [name, listed(inner)]))
}

const malformed = () => awsError('SerializationException', 'The form is malformed.')
