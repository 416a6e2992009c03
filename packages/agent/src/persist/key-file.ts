import { readFileSync, statSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'

/**
 * The key in a file: 32 random bytes in base64, for its owner and, to read, its group.
 * @throws SecretsError `config_invalid`, with what to do; never to make another where there may be a good one.
 */
export const readKeyFile = (path: string): Buffer => {
  const refuse = (what: string, cause?: unknown): SecretsError =>
    new SecretsError('config_invalid', `The key file ${path} ${what}.`, { cause })
  let text: string
  try {
    // Kubernetes gives a secret's files to the pod's group.
    if ((statSync(path).mode & 0o037) !== 0)
      throw refuse(`is open to more than its owner and readers of its group: chmod 0600 ${path}`)
    text = readFileSync(path, 'utf8').trim()
  } catch (thrown) {
    throw thrown instanceof SecretsError
      ? thrown
      : refuse(whyUnread(path, (thrown as NodeJS.ErrnoException).code), thrown)
  }
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32 || key.toString('base64') !== text) throw refuse('does not hold 32 bytes in base64')
  return key
}

const whyUnread = (path: string, code: string | undefined): string => {
  if (code === 'ENOENT') return `is not there; make one: (umask 077; openssl rand -base64 32 > ${path})`
  if (code !== 'EACCES') return `can't be read (${String(code)})`
  return `can't be read (EACCES) by the agent's user; leave the key as it is, and give it to that user: chown USER ${path}, and its folders have to let the user through`
}
