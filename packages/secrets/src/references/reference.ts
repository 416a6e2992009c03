import { type SecretRef, SecretsError, type Stage } from '@keyplane/core'

/** Where a reference leads. */
export interface SecretReference {
  /** The provider's name. */
  readonly provider: string
  readonly ref: SecretRef
  /** A field of the secret's JSON object; where there is no such key, a path of keys joined by dots. */
  readonly field?: string
}

const start = 'keyplane://'
const form = /^keyplane:\/\/([a-z][a-z0-9_-]*)\/([^#?]+)(?:#([^#?]+))?(?:\?([^#?]*))?(?:#([^#?]+))?$/

/** AWS's names of the three stages, which people know. */
const stages: Readonly<Record<string, Stage>> = {
  AWSCURRENT: 'current',
  AWSPREVIOUS: 'previous',
  AWSPENDING: 'pending',
  current: 'current',
  previous: 'previous',
  pending: 'pending',
}

/** Whether a text means to be a reference. */
export const isReference = (text: string): boolean => text.startsWith(start)

/**
 * Reads `keyplane://provider/path#field?version=…&stage=…`. Path, field and parameters are percent-encoded where they
 * hold `#`, `?`, `&` or `%`; a path may hold slashes, colons and blanks as they are. A stage is `current`, `previous`,
 * `pending`, AWS's name of one of them, or a label.
 * @throws SecretsError `config_invalid` for anything else.
 */
export const parseReference = (text: string): SecretReference => {
  const parts = form.exec(text)
  const [, provider, path, early, query = '', late] = parts ?? []
  if (provider === undefined || path === undefined || (early !== undefined && late !== undefined))
    throw invalid(text, 'is no reference: write keyplane://provider/path#field?version=…&stage=…')
  const field = early ?? late
  return {
    provider,
    ref: { id: decoded(text, path), ...versionOf(text, query) },
    ...(field !== undefined && { field: decoded(text, field) }),
  }
}

const versionOf = (text: string, query: string): Pick<SecretRef, 'version' | 'stage'> => {
  const found = new Map<string, string>()
  for (const parameter of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = parameter.split('=')
    if (name !== 'version' && name !== 'stage')
      throw invalid(text, `has the parameter ${JSON.stringify(name)}: there are version and stage`)
    const decodedValue = decoded(text, value.join('='))
    if (found.has(name) || decodedValue === '') throw invalid(text, `needs one ${name}`)
    found.set(name, decodedValue)
  }
  const [version, stage] = [found.get('version'), found.get('stage')]
  return {
    ...(version !== undefined && { version }),
    ...(stage !== undefined && { stage: stages[stage] ?? (`label:${stage}` as const) }),
  }
}

const decoded = (text: string, part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid(text, 'has a "%" that encodes nothing: write it as %25')
  }
}

const invalid = (text: string, why: string): SecretsError =>
  new SecretsError('config_invalid', `The reference ${JSON.stringify(text)} ${why}.`)
