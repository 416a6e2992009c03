import { SecretsError } from '@keyplane/core'
import type { MysqlQuery } from './mysql-session.ts'

/** A user and where he comes from, as the server tells accounts apart. */
export interface MysqlAccount {
  readonly user: string
  readonly host: string
  /** How it keeps the password; not told to the account itself. */
  readonly plugin?: string
}

/**
 * The one account of a user; nothing where there is none.
 * @throws SecretsError `source_misconfigured` (`several_accounts`) where it depends on the reader's address whose password
 * it is.
 */
export const accountOf = async (query: MysqlQuery, user: string): Promise<MysqlAccount | undefined> => {
  const [found, ...others] = await query('select host as host, plugin as plugin from mysql.user where user = ?', [
    requireName(user),
  ])
  if (others.length > 0)
    throw new SecretsError('source_misconfigured', `The user ${JSON.stringify(user)} has accounts for several hosts.`, {
      reason: 'several_accounts',
    })
  // MariaDB names none for accounts as old as its own method.
  return found && { user, host: String(found['host']), plugin: String(found['plugin']) || 'mysql_native_password' }
}

/**
 * The account of whoever asks, who may not be told of others.
 * @throws SecretsError `source_misconfigured` (`several_accounts`, `needs_admin`) where there are others, or may be.
 */
export const ownAccount = async (query: MysqlQuery, user: string): Promise<MysqlAccount | undefined> => {
  try {
    return await accountOf(query, user)
  } catch (error) {
    // ER_TABLEACCESS_DENIED_ERROR
    if ((error as { readonly errno?: number }).errno !== 1_142) throw error
  }
  const [row] = await query('select current_user() as account')
  const account = String(row?.['account'])
  const host = account.slice(account.lastIndexOf('@') + 1)
  if (host === '%') return { user, host }
  throw new SecretsError(
    'source_misconfigured',
    'The user may have accounts for other hosts too, which he is not told: an administrator changes his password.',
    { reason: 'needs_admin' },
  )
}

/**
 * MariaDB lets an account log in by several ways: one that is not changed would go on accepting the old password.
 * @throws SecretsError `source_misconfigured` (`auth_plugin`)
 */
export const requireOneWay = async (query: MysqlQuery, account: MysqlAccount): Promise<void> => {
  const [row = {}] = await query(`show create user ${quoted(account)}`)
  if (!/ IDENTIFIED VIA .* OR /.test(String(Object.values(row)[0]))) return
  throw new SecretsError(
    'source_misconfigured',
    'The account logs in by several ways, of which one would be changed.',
    {
      reason: 'auth_plugin',
    },
  )
}

/** As a statement names it. */
export const quoted = ({ user, host }: MysqlAccount): string => `'${requireName(user)}'@'${requireName(host)}'`

/** With none of these, a name between quotes means the same in each of the server's modes. */
const requireName = (name: string): string => {
  // oxlint-disable-next-line no-control-regex
  if (!/[\\'"`\x00-\x1f]/.test(name)) return name
  throw new SecretsError('source_misconfigured', 'The name of a user or host has a quote or a backslash in it.', {
    reason: 'user_name',
  })
}
