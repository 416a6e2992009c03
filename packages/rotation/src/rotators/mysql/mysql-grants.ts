import { SecretsError } from '@keyplane/core'
import { type MysqlAccount, quoted } from './mysql-accounts.ts'
import type { MysqlQuery } from './mysql-session.ts'

/** Statements that give one account what `SHOW GRANTS` tells of another: privileges, roles, TLS and limits. */
export const grantsLike = async (
  query: MysqlQuery,
  { from, to }: { readonly from: MysqlAccount; readonly to: MysqlAccount },
): Promise<readonly string[]> => {
  const rows = await query(`show grants for ${quoted(from)}`)
  return rows.map((row) => renamed(String(Object.values(row)[0]), { from, to }))
}

/** @throws SecretsError `source_misconfigured` (`grants`) for a statement that names the account in no known way. */
export const renamed = (
  statement: string,
  { from, to }: { readonly from: MysqlAccount; readonly to: MysqlAccount },
): string => {
  const [user, host] = [from.user, from.host].map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const account = new RegExp(String.raw`(?<= (?:TO|FROM|FOR) )(['"\x60])${user}\1@(['"\x60])${host}\2`)
  if (!account.test(statement))
    throw new SecretsError('source_misconfigured', 'One of the user’s grants names him in no known way.', {
      reason: 'grants',
    })
  // MariaDB tells the password's hash too, which is not the other one's.
  return statement.replace(account, () => quoted(to)).replace(/ IDENTIFIED .*?(?= REQUIRE | WITH |$)/, '')
}
