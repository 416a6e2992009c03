import { UsageError } from './usage-error.ts'

/** A secret's name, and the field of it that is meant. */
export interface NamedField {
  readonly name: string
  readonly field?: string
}

/** `NAME` or `NAME#FIELD`: no name holds a `#`. @throws UsageError where a `#` has nothing before or behind it. */
export const parseNamedField = (text: string): NamedField => {
  const match = /^([^#]+)(?:#(.+))?$/s.exec(text)
  if (!match) throw new UsageError(`${JSON.stringify(text)} names no secret; write NAME or NAME#FIELD.`)
  const [, name = '', field] = match
  return { name, ...(field !== undefined && { field }) }
}
