import type * as z from 'zod'
import { perhaps } from './known-keys.ts'
import type { Path, YamlFile } from './yaml-file.ts'

/** What a file says, if it fits the schema; what is wrong with it is told to the file. */
export const readWritten = <T>(file: YamlFile, schema: z.ZodType<T>): T | undefined => {
  if (file.problems.length > 0) return undefined
  const { success, data, error } = schema.safeParse(file.data ?? {}, { error: toldShortly })
  if (success) return data
  for (const issue of error.issues) for (const { path, what } of tellingsOf(issue)) file.complain(path, what)
  return undefined
}

/** One for each unknown key: each has a line of its own in the file. */
const tellingsOf = (issue: z.core.$ZodIssue): readonly { readonly path: Path; readonly what: string }[] => {
  const { path, message } = issue
  if (issue.code === 'invalid_key') return [{ path, what: `is no name: it ${issue.issues[0]?.message ?? message}` }]
  if (issue.code !== 'unrecognized_keys') return [{ path, what: message }]
  const lines = message.split('\n')
  return issue.keys.map((key, index) => ({ path: [...path, key], what: lines[index] ?? 'is not an option' }))
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'a table',
  record: 'a table',
}

/** The rules that say nothing themselves. What was written is never quoted, but for what a known word is like. */
const toldShortly = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`
  if (issue.code !== 'invalid_value') return undefined
  const known = issue.values.map(String)
  const meant = typeof issue.input === 'string' ? perhaps(issue.input, known) : ''
  return `must be ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}${meant}`
}
