import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'

/**
 * The number of a user who is given by name or number. Names are those of `/etc/passwd`; users of a directory service are
 * given by number. @throws SecretsError `config_invalid` for a name that is not there.
 */
export const userId = (user: string, passwd = '/etc/passwd'): number => {
  if (/^\d+$/.test(user)) return Number(user)
  const entries = readFileSync(passwd, 'utf8').split('\n')
  const [, , id] = entries.map((entry) => entry.split(':')).find(([name]) => name === user) ?? []
  if (id !== undefined && /^\d+$/.test(id)) return Number(id)
  throw new SecretsError('config_invalid', `There is no user ${JSON.stringify(user)} in ${passwd}; give the number.`)
}
