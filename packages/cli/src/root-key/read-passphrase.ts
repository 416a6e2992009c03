import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { Context } from '../context.ts'
import { promptHidden } from '../prompt-hidden.ts'
import type { RootKeyFlags } from './root-key-flags.ts'

/** Longer than anybody types, and short enough to be kept. */
const maxBytes = 4_096

/**
 * The passphrase from a descriptor, stdin that is piped in, or the keyboard; without the newline that ends it.
 * @throws SecretsError `config_invalid` where none is given.
 */
export const readPassphrase = async (
  { stdin, terminal }: Pick<Context, 'stdin' | 'terminal'>,
  { passphraseFd }: Pick<RootKeyFlags, 'passphraseFd'> = {},
): Promise<Uint8Array> => {
  if (passphraseFd !== undefined) return trimmed(readDescriptor(passphraseFd))
  if (stdin.isTTY) return Buffer.from(await promptHidden('Passphrase (not shown): ', stdin, terminal))
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(chunk as Buffer)
  return trimmed(Buffer.concat(chunks))
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
  throw new SecretsError('config_invalid', `A passphrase has 1 to ${maxBytes} bytes; none was given.`)
}
