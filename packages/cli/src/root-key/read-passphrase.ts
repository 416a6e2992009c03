import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { Context } from '../context.ts'
import { promptHidden } from '../prompt-hidden.ts'

/** Longer than anybody types, and short enough to be kept. */
const maxBytes = 4_096

/**
 * The passphrase from a descriptor, stdin that is piped in, or the keyboard; without the newline that ends it.
 * A new one is asked for twice.
 * @throws SecretsError `config_invalid` where none is given, it is too long, or what was typed twice differs.
 */
export const readPassphrase = async (
  { stdin, terminal }: Pick<Context, 'stdin' | 'terminal'>,
  { passphraseFd }: { readonly passphraseFd?: number | undefined } = {},
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<Uint8Array> => {
  if (passphraseFd !== undefined) return trimmed(readDescriptor(passphraseFd))
  if (stdin.isTTY) return trimmed(Buffer.from(isNew ? await askTwice(stdin, terminal) : await ask(stdin, terminal)))
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(chunk as Buffer)
  return trimmed(Buffer.concat(chunks))
}

const ask = (stdin: Context['stdin'], terminal: Context['terminal']): Promise<string> =>
  promptHidden('Passphrase (not shown): ', stdin, terminal)

/** What was mistyped here would lock the store for ever. */
const askTwice = async (stdin: Context['stdin'], terminal: Context['terminal']): Promise<string> => {
  const first = await promptHidden('New passphrase (not shown): ', stdin, terminal)
  if ((await promptHidden('Once more: ', stdin, terminal)) === first) return first
  throw new SecretsError('config_invalid', 'The two passphrases differ; nothing was made.')
}

const readDescriptor = (descriptor: number): Buffer => {
  try {
    return readFileSync(descriptor)
  } catch (cause) {
    throw new SecretsError('config_invalid', `The descriptor ${descriptor} has no passphrase to read.`, { cause })
  }
}

const trimmed = (bytes: Buffer): Uint8Array => {
  const end = /\r?\n$/.exec(bytes.toString('latin1'))?.index ?? bytes.length
  const passphrase = bytes.subarray(0, end)
  if (passphrase.length > 0 && passphrase.length <= maxBytes) return passphrase
  const given = passphrase.length === 0 ? 'none was' : `${passphrase.length} were`
  throw new SecretsError('config_invalid', `A passphrase has 1 to ${maxBytes} bytes; ${given} given.`)
}
