import { awsError } from '../aws-errors.ts'

/** Gathers what is wrong with an input's members, as AWS names it. */
export type Problems = string[]

/** How one member of an input is read. */
export interface Member<T> {
  readonly required: boolean
  /** `at` is the member's path as AWS writes it: `tags.1.member.key`. */
  readonly read: (value: unknown, at: string, problems: Problems) => T
}

/** A member for every key of an input: none can be forgotten. */
export type Shape<Input> = { readonly [Key in keyof Input]-?: Member<Exclude<Input[Key], undefined>> }

/** The same member, which has to be there. */
export const required = <T>(member: Member<T>): Member<T> => ({ ...member, required: true })

export interface TextBounds {
  /** Characters; default 0. */
  readonly min?: number
  readonly max: number
  /** What the whole text has to match. */
  readonly pattern?: RegExp
}

/** A text. Its content never stands in a message: it may be a secret. */
export const text = ({ min = 0, max, pattern }: TextBounds): Member<string> => ({
  required: false,
  read: (value, at, problems) => {
    if (typeof value !== 'string') throw wrongType(value, 'a String')
    // Half a surrogate pair has no UTF-8, so it would come back as another character.
    if (/\p{Surrogate}/u.test(value))
      throw awsError('SerializationException', `The text at '${at}' is not valid Unicode.`)
    if (value.length < min) problems.push(constraint(at, `have length greater than or equal to ${min}`))
    if (value.length > max) problems.push(constraint(at, `have length less than or equal to ${max}`))
    else if (pattern && !pattern.test(value))
      problems.push(constraint(at, `satisfy regular expression pattern: ${pattern.source}`))
    return value
  },
})

/** Bytes as base64, `min` to `max` of them; the text is given. */
export const base64 = ({ min, max }: { readonly min: number; readonly max: number }): Member<string> => ({
  required: false,
  read: (value, at, problems) => {
    if (typeof value !== 'string') throw wrongType(value, 'a Blob')
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
      throw awsError('SerializationException', `The blob at '${at}' is not valid base64.`)
    const size = Buffer.byteLength(value, 'base64')
    if (size < min) problems.push(constraint(at, `have length greater than or equal to ${min}`))
    if (size > max) problems.push(constraint(at, `have length less than or equal to ${max}`))
    return value
  },
})

/** One of a few texts. */
export const oneOf = <const T extends string>(...allowed: readonly T[]): Member<T> => ({
  required: false,
  read: (value, at, problems) => {
    if (typeof value !== 'string') throw wrongType(value, 'a String')
    if (!(allowed as readonly string[]).includes(value))
      problems.push(constraint(at, `satisfy enum value set: [${allowed.join(', ')}]`))
    return value as T
  },
})

export const integer = ({ min, max }: { readonly min: number; readonly max: number }): Member<number> => ({
  required: false,
  read: (value, at, problems) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrongType(value, 'an Integer')
    if (value < min) problems.push(constraint(at, `have value greater than or equal to ${min}`))
    if (value > max) problems.push(constraint(at, `have value less than or equal to ${max}`))
    return value
  },
})

export const flag = (): Member<boolean> => ({
  required: false,
  read: (value) => {
    if (typeof value !== 'boolean') throw wrongType(value, 'a Boolean')
    return value
  },
})

export const listOf = <T>(
  member: Member<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Member<readonly T[]> => ({
  required: false,
  read: (value, at, problems) => {
    if (!Array.isArray(value)) throw wrongType(value, 'a List')
    if (value.length < min) problems.push(constraint(at, `have length greater than or equal to ${min}`))
    if (value.length > max) problems.push(constraint(at, `have length less than or equal to ${max}`))
    // A list that is too long is not read further: a million members would make a million messages.
    return value.slice(0, max).map((item, index) => member.read(item, `${at}.${index + 1}.member`, problems))
  },
})

export const structure = <Input>(shape: Shape<Input>): Member<Input> => ({
  required: false,
  read: (value, at, problems) => readMembers(shape, value, at, problems),
})

/** The members of a shape; what it does not name is ignored, as AWS does. */
export const readMembers = <Input>(shape: Shape<Input>, value: unknown, at: string, problems: Problems): Input => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, 'a Structure')
  const read: Partial<Record<string, unknown>> = {}
  for (const [name, member] of Object.entries<Member<unknown>>(shape)) {
    const given: unknown = Object.hasOwn(value, name) ? value[name as keyof typeof value] : undefined
    const path = `${at}${at === '' ? '' : '.'}${name.charAt(0).toLowerCase()}${name.slice(1)}`
    if (given !== undefined && given !== null) read[name] = member.read(given, path, problems)
    else if (member.required)
      problems.push(`Value null at '${path}' failed to satisfy constraint: Member must not be null`)
  }
  return read as Input
}

const constraint = (at: string, must: string): string =>
  `Value at '${at}' failed to satisfy constraint: Member must ${must}`

const wrongType = (value: unknown, wanted: string) => {
  const found =
    value === null ? 'NULL' : Array.isArray(value) ? 'LIST' : typeof value === 'object' ? 'MAP' : typeof value
  return awsError('SerializationException', `${found.toUpperCase()}_VALUE can not be converted to ${wanted}`)
}
