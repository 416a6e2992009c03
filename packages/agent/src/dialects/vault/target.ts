import { splitTarget } from '@keyplane/protocol'

/** What a client of Vault asks for. */
export type VaultQuestion =
  | { readonly kind: 'read'; readonly path: string; readonly version: number }
  /** What is mounted where a path leads: `bao kv` and `vault kv` ask that first. */
  | { readonly kind: 'mount'; readonly mount: string }
  | { readonly kind: 'lookup-self' | 'health' | 'seal-status' | 'init' | 'leader' }
  | { readonly kind: 'refused'; readonly status: number; readonly error?: string }

const prefix = '/v1/'
const preflight = 'sys/internal/ui/mounts/'

/** Asked by those who have no token, of Vault and OpenBao too. */
const open: Readonly<Record<string, 'health' | 'seal-status' | 'init' | 'leader'>> = {
  'sys/health': 'health',
  'sys/seal-status': 'seal-status',
  'sys/init': 'init',
  'sys/leader': 'leader',
}

const refuse = (status: number, error?: string): VaultQuestion => ({
  kind: 'refused',
  status,
  ...(error !== undefined && { error }),
})

/** A path once decoded, as Vault does; nothing for bytes that are no UTF-8, or escapes that are none. */
const decoded = (path: string): string | undefined => {
  try {
    return decodeURIComponent(
      path.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`),
    )
  } catch {
    return undefined
  }
}

/** Below one of the mounts, the longest: a mount may lie in another. */
const mountOf = (path: string, mounts: readonly string[]): string | undefined =>
  mounts.filter((mount) => path === mount || path.startsWith(`${mount}/`)).sort((a, b) => b.length - a.length)[0]

/** Dot segments mean another path to whoever resolves them; a control character means nothing anywhere. */
const isOdd = (path: string): boolean =>
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f]/.test(path) || path.split('/').some((segment) => segment === '.' || segment === '..')

/** What OpenBao says where an operation is none of KV's. */
export const unsupported = '1 error occurred:\n\t* unsupported operation\n\n'

/** A flag of a query as OpenBao reads it: its first value, in the spellings of Go; no text is none. */
const flagOf = (query: URLSearchParams, name: string): boolean | 'malformed' => {
  const text = query.get(name) ?? ''
  if (/^(?:|0|f|F|false|False|FALSE)$/.test(text)) return false
  return /^(?:1|t|T|true|True|TRUE)$/.test(text) || 'malformed'
}

const readOf = (path: string, search: string): VaultQuestion => {
  const query = new URLSearchParams(search)
  // They make another operation of a GET, which KV has for metadata alone.
  const others = [flagOf(query, 'list'), flagOf(query, 'scan')]
  if (others.includes('malformed')) return refuse(400)
  if (others.includes(true)) return refuse(405, unsupported)
  if (path === '' || path.endsWith('/')) return refuse(404)
  const asked = query.getAll('version')
  const version = asked.at(-1) ?? '0'
  if (asked.length > 1 || !/^\d{1,15}$/.test(version)) return refuse(400, 'the version is no whole number')
  return { kind: 'read', path, version: Number(version) }
}

const questionAt = (path: string, query: string, mounts: readonly string[]): VaultQuestion | undefined => {
  if (path === 'auth/token/lookup-self') return { kind: 'lookup-self' }
  const status = Object.hasOwn(open, path) ? open[path] : undefined
  if (status) return { kind: status }
  if (path.startsWith(preflight)) {
    const wanted = path.slice(preflight.length)
    const mount = mountOf(wanted, mounts)
    const shown = JSON.stringify(wanted.endsWith('/') ? wanted : `${wanted}/`)
    return mount === undefined
      ? refuse(
          403,
          `preflight capability check returned 403, please ensure client's policies grant access to path ${shown}`,
        )
      : { kind: 'mount', mount }
  }
  const mount = mountOf(path, mounts)
  if (mount === undefined) return undefined
  const rest = path.slice(mount.length + 1)
  return rest.startsWith('data/') ? readOf(rest.slice('data/'.length), query) : refuse(405, unsupported)
}

/**
 * Reads a request's target as a client of Vault or OpenBao meant it, for KV mounts of version 2. Nothing for what lies
 * below no mount: it may be another dialect's.
 */
export const vaultQuestion = (target: string, mounts: readonly string[]): VaultQuestion | undefined => {
  const { path: raw, query } = splitTarget(target)
  if (!raw.startsWith(prefix)) return undefined
  const path = decoded(raw.slice(prefix.length))
  if (path === undefined)
    return mountOf(raw.slice(prefix.length), mounts) === undefined ? undefined : refuse(400, 'the path is no UTF-8')
  const question = questionAt(path, query, mounts)
  return question && isOdd(path) ? refuse(400, 'the path has a segment that is none') : question
}
