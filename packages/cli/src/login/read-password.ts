import { SecretsError } from '@keyplane/core'
import type { Context } from '../context.ts'
import { promptHidden } from '../prompt-hidden.ts'

export interface PasswordFlags {
  readonly passwordStdin?: boolean
}

const maxCharacters = 256

/**
 * A password from the keyboard, where it is not shown, or from stdin; a new one is asked for twice.
 * @throws SecretsError `invalid_request` where there is none, or what was typed twice differs.
 */
export const readPassword = async (
  { stdin, terminal }: Pick<Context, 'stdin' | 'terminal'>,
  { passwordStdin = false }: PasswordFlags,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<string> => {
  if (passwordStdin || !stdin.isTTY) return fromStdin(stdin)
  const password = await promptHidden(isNew ? 'New password (not shown): ' : 'Password (not shown): ', stdin, terminal)
  if (isNew && (await promptHidden('Once more: ', stdin, terminal)) !== password)
    throw new SecretsError('invalid_request', 'The two passwords differ; nothing was done.')
  return password
}

/** One's own password and the one that is to be: asked for, or two lines of stdin. @throws as `readPassword`. */
export const readPasswordChange = async (
  context: Pick<Context, 'stdin' | 'terminal'>,
  { passwordStdin = false }: PasswordFlags,
): Promise<{ readonly password: string; readonly newPassword: string }> => {
  if (!passwordStdin && context.stdin.isTTY) {
    const password = await readPassword(context, {})
    return { password, newPassword: await readPassword(context, {}, { isNew: true }) }
  }
  const [first = '', second = ''] = (await textOf(context.stdin)).split(/\r?\n/)
  return { password: checked(first), newPassword: checked(second) }
}

/** The newline that ends it is not part of it. */
const fromStdin = async (stdin: Context['stdin']): Promise<string> =>
  checked((await textOf(stdin)).replace(/\r?\n$/, ''))

const textOf = async (stdin: Context['stdin']): Promise<string> => {
  let text = ''
  for await (const chunk of stdin) {
    text += String(chunk)
    if (text.length > 4 * maxCharacters) break
  }
  return text
}

const checked = (password: string): string => {
  if (password !== '' && password.length <= maxCharacters) return password
  const given = password === '' ? 'none was given' : 'more were given'
  throw new SecretsError('invalid_request', `A password has 1 to ${maxCharacters} characters; ${given}.`)
}
