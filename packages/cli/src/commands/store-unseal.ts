import { connect } from 'node:net'
import { type ErrorCode, SecretsError } from '@keyplane/core'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { readPassphrase } from '../root-key/read-passphrase.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'
import { unsealSocket } from '../root-key/sealed-door.ts'

/** Gives a sealed store its passphrase: from stdin, a descriptor or the keyboard, never from an argument. */
export const storeUnseal: Command<RootKeyFlags> = async (context, _args, flags) => {
  const { folder, terminal } = context
  // Before anybody types: whether a store waits at all, and whether what is typed is proved or becomes its passphrase.
  const { isNew = false } = await ask(unsealSocket(folder), new Uint8Array(), folder.path)
  const passphrase = await readPassphrase(context, flags, { isNew })
  const answer = await ask(unsealSocket(folder), passphrase, folder.path).finally(() => passphrase.fill(0))
  const { error } = answer
  if (error)
    throw new SecretsError(error.code, error.message, error.reason === undefined ? {} : { reason: error.reason })
  if (terminal.json) terminal.data(JSON.stringify({ ok: true }))
  else terminal.words(`${terminal.style('green', '✓')} The store is open.`)
  if (isNew) terminal.words('This is now the passphrase of a new store.')
  return exitCodes.ok
}

interface UnsealAnswer {
  readonly ok?: true
  readonly isNew?: boolean
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly reason?: string }
}

const ask = (path: string, passphrase: Uint8Array, folder: string): Promise<UnsealAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.once('error', (cause) =>
      reject(new SecretsError('unavailable', `No sealed store waits in ${folder}.`, { reason: 'not_sealed', cause })),
    )
    socket.once('close', () => {
      try {
        resolve(JSON.parse(text) as UnsealAnswer)
      } catch {
        reject(new SecretsError('unavailable', 'The store ended without an answer.', { reason: 'connection_lost' }))
      }
    })
    socket.end(passphrase)
  })
