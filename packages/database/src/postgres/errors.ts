import { type ErrorCode, SecretsError } from '@keyplane/core'

interface Meaning {
  readonly code: ErrorCode
  readonly reason: string
  readonly says: string
}

const busy: Meaning = {
  code: 'unavailable',
  reason: 'busy',
  says: 'holds a lock that another process does not let go of',
}
const refusedLogin: Meaning = {
  code: 'source_misconfigured',
  reason: 'refused_login',
  says: 'refuses the login: user, password or pg_hba.conf',
}
const stopping: Meaning = {
  code: 'unavailable',
  reason: 'connection_lost',
  says: 'is shutting down, or cut the connection',
}
const readOnly: Meaning = { code: 'unavailable', reason: 'read_only', says: 'cannot be written: it is read-only' }
const damaged: Meaning = { code: 'integrity', reason: 'damaged', says: 'is damaged; restore it from a backup' }

/** SQLSTATEs, or their first two characters. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const meanings: Readonly<Record<string, Meaning>> = {
  '22021': {
    code: 'invalid_request',
    reason: 'character',
    says: 'cannot keep a text with the character U+0000',
  },
  '23': { code: 'conflict', reason: 'constraint', says: 'refused a row that breaks a constraint' },
  '25006': readOnly,
  '25P03': stopping,
  '28': refusedLogin,
  '3D000': { code: 'source_misconfigured', reason: 'missing', says: 'is not there' },
  '40': { code: 'conflict', reason: 'serialization', says: 'was written by others at the same time' },
  '42P01': {
    code: 'source_misconfigured',
    reason: 'missing_table',
    says: 'lacks a table: it was emptied, or is another one. Restore it from a backup, or start again for a new one',
  },
  '42501': { code: 'source_misconfigured', reason: 'no_privilege', says: 'lacks a privilege for this user' },
  '53100': { code: 'unavailable', reason: 'disk_full', says: 'cannot grow: the disk is full' },
  '53200': { code: 'unavailable', reason: 'out_of_memory', says: 'has no memory left to work with' },
  '53300': { code: 'unavailable', reason: 'too_many_connections', says: 'takes no more connections' },
  '55P03': busy,
  '57014': { code: 'timeout', reason: 'statement', says: 'took too long for a statement' },
  '57P01': stopping,
  '57P02': stopping,
  '57P03': { code: 'unavailable', reason: 'starting', says: 'is starting or stopping' },
  '58': { code: 'unavailable', reason: 'io_error', says: 'cannot be read or written: the disk reports an error' },
  XX001: damaged,
  XX002: damaged,
}

/** What Node.js calls the ways in which a connection is not had. */
const network: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: 'unavailable', reason: 'refused', says: 'takes no connection' },
  ENOTFOUND: { code: 'unavailable', reason: 'no_route', says: 'has a host that no name server knows' },
  EAI_AGAIN: { code: 'unavailable', reason: 'no_route', says: 'has a host whose name server does not answer' },
  EHOSTUNREACH: { code: 'unavailable', reason: 'no_route', says: 'has a host that cannot be reached' },
  ENETUNREACH: { code: 'unavailable', reason: 'no_route', says: 'has a host that cannot be reached' },
  ETIMEDOUT: { code: 'timeout', reason: 'connect', says: 'does not answer' },
}

const lost: Meaning = { code: 'unavailable', reason: 'connection_lost', says: 'cut the connection' }
const noTls: Meaning = {
  code: 'source_misconfigured',
  reason: 'no_tls',
  says: 'does not speak TLS, which the sslmode of its URL asks for',
}
const untrusted: Meaning = {
  code: 'source_misconfigured',
  reason: 'untrusted',
  says: 'shows a certificate that is not trusted: name its authority with sslrootcert in the URL',
}
const hung: Meaning = { code: 'timeout', reason: 'hung', says: 'does not answer' }

/** What Node.js says of a certificate. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificates: Readonly<Record<string, Meaning>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_NOT_YET_VALID: { ...untrusted, says: 'shows a certificate that is not valid yet' },
  CERT_HAS_EXPIRED: { ...untrusted, says: 'shows a certificate that has expired' },
  CERT_REVOKED: { ...untrusted, says: 'shows a certificate that was revoked' },
  ERR_TLS_CERT_ALTNAME_INVALID: { ...untrusted, says: 'shows a certificate that is another host’s' },
}

/** What pg threw, as a SecretsError. Message and cause name the database and the kind of failure, never a value. */
export const postgresError = (thrown: unknown, label: string): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const found = thrown as Thrown
  const { code, reason, says } = found.severity === undefined ? meaningOfLoss(found) : meaningOfState(found.code ?? '')
  // What pg throws quotes rows and may hold the connection's settings.
  const cause = new Error(`PostgreSQL: ${found.code ?? 'no code'}`)
  return new SecretsError(code, `The database ${label} ${says}.`, { reason, cause })
}

interface Thrown {
  /** A SQLSTATE where the server said it, else a name of Node.js. */
  readonly code?: string
  readonly message?: string
  /** Only the server gives one. */
  readonly severity?: string
}

const meaningOfState = (state: string): Meaning =>
  meanings[state] ??
  meanings[state.slice(0, 2)] ?? {
    code: 'internal',
    reason: 'statement',
    says: `refused a statement (SQLSTATE ${state})`,
  }

const meaningOfLoss = ({ code = '', message = '' }: Thrown): Meaning => {
  // pg's own words; the server answers with one letter.
  if (/does not support SSL/i.test(message)) return noTls
  const known = network[code] ?? certificates[code]
  if (known) return known
  if (/timeout/i.test(message)) return hung
  if (code !== '' || /connect|terminat|clos|queryable|stream/i.test(message)) return lost
  return { code: 'internal', reason: 'client', says: 'could not be asked' }
}

/** Whether the connection is gone with what failed, so that only a new one can go on. */
export const isConnectionLost = ({ reason }: SecretsError): boolean =>
  reason === 'connection_lost' || reason === 'hung' || reason === 'refused' || reason === 'starting'

/** A failure that concerns the whole database, not the one statement that met it. */
export const concernsWholeDatabase = (error: SecretsError): boolean =>
  isConnectionLost(error) ||
  error.code === 'integrity' ||
  // A table that one statement names may be nobody's.
  (error.code === 'source_misconfigured' && error.reason !== 'missing_table') ||
  (error.code === 'unavailable' && error.reason !== 'busy')
