const names: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EPROTO',
  'UND_ERR_SOCKET',
])

const late: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/**
 * What a failure of the network means, by Node's name for it, which an SDK passes on as the error's `code` or as its
 * cause's; nothing for a failure of another kind, such as a file that is not there (`ENOENT`).
 */
export const networkFailure = (thrown: unknown): 'unavailable' | 'timeout' | undefined => {
  const { code, cause } = (thrown instanceof Error ? thrown : {}) as { code?: unknown; cause?: unknown }
  if (typeof code === 'string' && names.has(code)) return 'unavailable'
  if (typeof code === 'string' && late.has(code)) return 'timeout'
  return cause instanceof Error && cause !== thrown ? networkFailure(cause) : undefined
}
