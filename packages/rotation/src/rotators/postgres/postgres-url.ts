import { revealText, type SecretValue, TextValue } from '@keyplane/core'
import { tlsOf } from '../address.ts'
import { badShape } from '../credential.ts'
import type { DatabaseLogin, NewLogin } from '../database-users/database-login.ts'

/** A value that is a URL as libpq's clients take it; nothing where it is something else. */
const urlOf = (value: SecretValue): URL | undefined => {
  const text = value.kind === 'text' ? revealText(value).trim() : ''
  if (!/^postgres(?:ql)?:\/\//i.test(text)) return undefined
  if (!URL.canParse(text)) throw badShape('is a PostgreSQL URL that cannot be read')
  return new URL(text)
}

/** Members of the query that lead a client elsewhere than what stands before it, or log in as somebody else. */
const overriding = ['host', 'hostaddr', 'port', 'user', 'password', 'passfile', 'dbname', 'service'] as const

/**
 * The login in a value like `postgresql://user:password@host:port/dbname?sslmode=verify-full`; nothing where it is no such
 * URL. Wherever TLS is used here, the server is verified.
 * @throws SecretsError `source_misconfigured` (`value_shape`) where it does not name one server and one user.
 */
export const postgresUrlLogin = (value: SecretValue): DatabaseLogin | undefined => {
  const url = urlOf(value)
  if (!url) return undefined
  const { hostname, port, username, password, pathname, searchParams } = url
  const named = overriding.find((name) => searchParams.has(name))
  if (named !== undefined) throw badShape(`is a PostgreSQL URL with "${named}" in its query`)
  const host = decoded(hostname).replace(/^\[(.*)\]$/, '$1')
  if (host === '' || /[/,]/.test(host)) throw badShape('is a PostgreSQL URL that does not name one host')
  if (username === '' || password === '') throw badShape('is a PostgreSQL URL without a user, or without his password')
  const number = port === '' ? 5_432 : Number(port)
  if (number < 1) throw badShape('has a "port" that is none')
  const user = decoded(username)
  return {
    host,
    port: number,
    tls: tlsOf(wantedTls(searchParams), host),
    user,
    password: decoded(password),
    // As libpq has it: the user's own.
    database: decoded(pathname.slice(1)) || user,
  }
}

/** The value with another login in it, all else as it was; nothing where it is no such URL. */
export const withPostgresUrlLogin = (value: SecretValue, { username, password }: NewLogin): SecretValue | undefined => {
  const url = urlOf(value)
  if (!url) return undefined
  if (username !== undefined) url.username = encodeURIComponent(username)
  url.password = encodeURIComponent(password)
  return new TextValue(url.href)
}

/** As the `ssl` of a JSON value; nothing where the URL leaves it to the client. */
const wantedTls = (query: URLSearchParams): unknown => {
  const mode = query.get('sslmode')
  if (mode === null) return query.get('ssl') ?? undefined
  if (mode === 'disable') return false
  if (['require', 'verify-ca', 'verify-full'].includes(mode)) return true
  if (['allow', 'prefer'].includes(mode)) return undefined
  throw badShape('is a PostgreSQL URL with an "sslmode" that is none')
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badShape('is a PostgreSQL URL with a % that stands for nothing')
  }
}
