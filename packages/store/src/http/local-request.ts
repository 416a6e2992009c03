import { isLoopback } from '@keyplane/http'

/**
 * Whether a request was meant for this machine, and not sent by a page of another one. A browser sends what any page asks
 * of it, and a page's own host name can be made to lead to this machine; `Host` and `Origin` still name that host.
 */
export const isLocalRequest = (header: (name: string) => string | undefined): boolean => {
  const origin = header('origin')
  return isLocal(`http://${header('host') ?? ''}`) && (origin === undefined || isLocal(origin))
}

const isLocal = (url: string): boolean => {
  if (!URL.canParse(url)) return false
  const hostname = new URL(url).hostname.replace(/^\[(.+)\]$/, '$1')
  // Browsers never ask a resolver for names below it.
  return isLoopback(hostname) || hostname.endsWith('.localhost')
}
