import { lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { SecretsError } from '@keyplane/core'

/**
 * Removes the socket of an agent that is gone, which would keep the next one from binding.
 * @throws SecretsError `config_invalid` where somebody listens on it, or where it is no socket.
 */
export const removeStaleSocket = async (path: string): Promise<void> => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket())
    throw new SecretsError('config_invalid', `${path} is no socket; it is left as it is: name another socket_path.`)
  if (await answers(path))
    throw new SecretsError('config_invalid', `Could not bind to ${path}: another program listens there.`, {
      reason: 'port_taken',
    })
  unlinkSync(path)
}

/** Whoever may not connect can't tell: the file is then somebody's. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'))
  })
