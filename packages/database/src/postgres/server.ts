import { SecretsError } from '@keyplane/core'
import type { ClientConfig } from 'pg'
import { columnTypes } from './column-types.ts'
import { requireTlsFiles } from './tls-files.ts'

/** How long is waited. */
export interface PostgresTimeouts {
  /** For a connection. Default 5,000. */
  readonly connectMs?: number
  /** For a statement, by the server. The connection is given up two seconds later, whatever the server does. Default 10,000. */
  readonly statementMs?: number
  /** For another process's lock. Default 5,000. */
  readonly lockMs?: number
}

/** A PostgreSQL database to connect to. */
export interface PostgresServer {
  /** `host:port/database`: what messages call it. Never a password, nor a user. */
  readonly label: string
  /**
   * What a connection is made with; `settings` are its own on the server.
   * @throws SecretsError `config_invalid` if a file of TLS that the URL names can't be used.
   */
  readonly config: (settings?: Readonly<Record<string, string>>) => ClientConfig
}

/** More than the server waits, so that a statement that it gave up is told from a server that does not answer. */
const graceMs = 2_000

/**
 * The database that a URL names: `postgresql://user:password@host:port/database`, with the parameters of `pg`.
 * @throws SecretsError `config_invalid` if it is not such a URL; the message never quotes it.
 */
export const postgresServer = (url: string, timeouts: PostgresTimeouts = {}): PostgresServer => {
  const parsed = parseUrl(url)
  const { connectMs = 5_000, statementMs = 10_000, lockMs = 5_000 } = timeouts
  const given = parsed.searchParams.get('options') ?? ''
  parsed.searchParams.delete('options')
  nameVerification(parsed.searchParams)
  const connectionString = parsed.href
  return Object.freeze<PostgresServer>({
    label: `${parsed.host || 'localhost'}${parsed.pathname}`,
    config: (settings = {}) => {
      requireTlsFiles(parsed.searchParams)
      return {
        connectionString,
        options: [given, ...Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)].join(' ').trim(),
        application_name: 'keyplane-store',
        connectionTimeoutMillis: connectMs,
        statement_timeout: statementMs,
        query_timeout: statementMs + graceMs,
        lock_timeout: lockMs,
        keepAlive: true,
        keepAliveInitialDelayMillis: 10_000,
        // Statements go out one behind the other; a batch takes a round trip for each decision, not for each statement.
        pipeline: true,
        types: columnTypes,
      }
    },
  })
}

const parseUrl = (url: string): URL => {
  const parsed = /^postgres(?:ql)?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !isWhole(parsed))
    throw new SecretsError(
      'config_invalid',
      'The database URL has to be of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE.',
    )
  const mode = parsed.searchParams.get('sslmode')
  if (mode !== null && !sslModes.has(mode))
    throw new SecretsError('config_invalid', `The database URL's sslmode has to be one of ${[...sslModes].join(', ')}.`)
  return parsed
}

/** Those that pg knows; it takes any other for one of them. */
const sslModes: ReadonlySet<string> = new Set(['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])

/** The modes that `pg` takes for `verify-full`, unless it is told to read them as libpq does. */
const verifying: ReadonlySet<string> = new Set(['prefer', 'require', 'verify-ca'])

/** Says `verify-full` where that is meant: for another name of it `pg` warns the whole process. */
const nameVerification = (parameters: URLSearchParams): void => {
  const mode = parameters.get('sslmode') ?? ''
  const asLibpq = parameters.get('uselibpqcompat') === 'true'
  if (asLibpq && mode === 'verify-ca' && !parameters.get('sslrootcert'))
    throw new SecretsError('config_invalid', "The database URL's sslmode verify-ca needs an sslrootcert.")
  if (!asLibpq && verifying.has(mode)) parameters.set('sslmode', 'verify-full')
}

/** An @ behind the host is that of a login whose password was cut at a character that it had to escape. */
const isWhole = ({ host, username, password, pathname, search, hash, searchParams }: URL): boolean =>
  (host !== '' || searchParams.get('host') !== null) &&
  pathname.length > 1 &&
  !`${pathname}${search}${hash}`.includes('@') &&
  [host, username, password, pathname].every(isEscaped)

const isEscaped = (part: string): boolean => {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}
