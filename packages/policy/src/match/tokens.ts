import type { RequestContext } from '../request.ts'

/** What a value of a policy is made of. */
export type Token = Fixed | Variable

/** Text that stands for itself, `*` or `?`. */
export type Fixed =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }

/** `${aws:username}`, or with a default `${aws:username, 'nobody'}`. */
export interface Variable {
  readonly kind: 'variable'
  /** In lower case. */
  readonly key: string
  readonly fallback?: string
}

export interface TokenOptions {
  /** Whether `${…}` is a variable; in policies of 2008 it is text. */
  readonly variables: boolean
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean
}

const variable = /\$\{(?:([*?$])|([^{},':]+:[^{},']+)(?:,\s*'([^']*)')?)\}/y

/** The tokens of a value, or `undefined` where a variable is malformed. */
export const tokensOf = (value: string, { variables, wildcards }: TokenOptions): readonly Token[] | undefined => {
  const tokens: Token[] = []
  let text = ''
  const endText = (): void => {
    if (text !== '') tokens.push({ kind: 'text', text })
    text = ''
  }
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at)
    if (wildcards && (character === '*' || character === '?')) {
      endText()
      tokens.push({ kind: character === '*' ? 'any' : 'one' })
    } else if (variables && value.startsWith('${', at)) {
      variable.lastIndex = at
      const [whole, escaped, key, fallback] = variable.exec(value) ?? []
      if (whole === undefined) return undefined
      at += whole.length - 1
      if (escaped !== undefined) text += escaped
      if (key === undefined) continue
      endText()
      tokens.push({ kind: 'variable', key: key.trim().toLowerCase(), ...(fallback === undefined ? {} : { fallback }) })
    } else text += character
  }
  endText()
  return tokens
}

/** Whether tokens are the same for every request. */
export const areFixed = (tokens: readonly Token[]): tokens is readonly Fixed[] =>
  tokens.every(({ kind }) => kind !== 'variable')

/**
 * Tokens with the request's values in place of variables; `undefined` where the request lacks one, or has several values
 * for it. A value is always text: an asterisk in it is an asterisk.
 */
export const resolved = (tokens: readonly Token[], context: RequestContext): readonly Fixed[] | undefined => {
  const fixed: Fixed[] = []
  for (const token of tokens) {
    if (token.kind !== 'variable') {
      fixed.push(token)
      continue
    }
    const values = context.get(token.key) ?? []
    const text = values.length === 0 ? token.fallback : values[0]
    if (text === undefined || values.length > 1) return undefined
    fixed.push({ kind: 'text', text })
  }
  return fixed
}
