import { createHash } from 'node:crypto'
import { type Random, SecretsError } from '@keyplane/core'
import { sha256Crypt } from './sha256-crypt.ts'

/** Ways to keep a password that a verifier can be computed for. */
export type MysqlPlugin = 'mysql_native_password' | 'caching_sha2_password'

/** A password as the server keeps it, so that it need not be sent there. */
export const mysqlVerifier = (plugin: MysqlPlugin, password: string, random: Random): string =>
  verifiers[plugin](password, random)

const sha1 = (bytes: string | Uint8Array): Buffer => createHash('sha1').update(bytes).digest()

const saltCharacters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const verifiers: Readonly<Record<MysqlPlugin, (password: string, random: Random) => string>> = {
  /** @see https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/ */
  mysql_native_password: (password) => `*${sha1(sha1(password)).toString('hex').toUpperCase()}`,
  /** A digest of 5,000 rounds, told in thousands, with a salt of 20 characters. */
  caching_sha2_password: (password, random) => {
    const salt = Array.from(random.bytes(20), (byte) => saltCharacters[byte % 64]).join('')
    return `$A$005$${salt}${sha256Crypt(password, { salt: Buffer.from(salt), rounds: 5_000 })}`
  },
}

/** @throws SecretsError `source_misconfigured` (`auth_plugin`) */
export const requirePlugin = (name: unknown): MysqlPlugin => {
  if (typeof name === 'string' && Object.hasOwn(verifiers, name)) return name as MysqlPlugin
  throw new SecretsError(
    'source_misconfigured',
    `An account by ${JSON.stringify(name)} has no password to rotate here.`,
    {
      reason: 'auth_plugin',
    },
  )
}
