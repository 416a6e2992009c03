import { SecretsError } from '@keyplane/core'

const names = ['by.key', 'by.id', 'id', 'version', 'admin'] as const
type Name = (typeof names)[number]

/** What stands for each placeholder; one that is used and has nothing is a mistake of the configuration. */
export type Placeholders = Readonly<Record<Name, string | undefined>>

/** A path is logged by others: no secret ever stands in it. */
const inPaths: readonly string[] = ['by.id', 'id', 'version']

const placeholder = /\{\{([^{}]*)\}\}/g

interface Template {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** @throws SecretsError `config_invalid` for an unknown placeholder, and for one of a secret in a path. */
export const requirePlaceholders = ({ path, headers, body }: Template): void => {
  if (!path.startsWith('/')) throw invalid('a path has to begin with "/"')
  for (const [, name = ''] of path.matchAll(placeholder))
    if (!inPaths.includes(name)) throw invalid(`"{{${name}}}" can't stand in a path`)
  for (const [, name = ''] of JSON.stringify([headers, body]).matchAll(placeholder))
    if (!names.includes(name as Name)) throw invalid(`"{{${name}}}" is no placeholder`)
}

/** Where in an answer something is: members, joined by dots. @throws SecretsError `config_invalid` */
export const requirePath = (path: string): void => {
  if (!/^[\w-]+(?:\.[\w-]+)*$/.test(path)) throw invalid(`${JSON.stringify(path)} is no member of an answer`)
}

export const fillText = (text: string, places: Placeholders): string =>
  text.replace(placeholder, (_, name: string) => filled(name, places))

/** @throws SecretsError `source_misconfigured` (`placeholder`) for an id that would lead to another path. */
export const fillPath = (path: string, places: Placeholders): string =>
  path.replace(placeholder, (_, name: string) => {
    const id = filled(name, places)
    if (id !== '.' && id !== '..') return encodeURIComponent(id)
    throw new SecretsError('source_misconfigured', `What stands for "{{${name}}}" is no id but a way in a path.`, {
      reason: 'placeholder',
    })
  })

export const fillHeaders = (
  headers: Readonly<Record<string, string>>,
  places: Placeholders,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), fillText(text, places)]))

const filled = (name: string, places: Placeholders): string => {
  const found = places[name as Name]
  if (found !== undefined && found !== '') return found
  throw new SecretsError('source_misconfigured', `There is nothing to put in the place of "{{${name}}}".`, {
    reason: 'placeholder',
  })
}

const invalid = (why: string): SecretsError =>
  new SecretsError('config_invalid', `The calls of the HTTP rotator can't be read: ${why}.`, { reason: 'http_key' })
