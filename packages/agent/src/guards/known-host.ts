import { splitTarget } from '@keyplane/protocol'
import type { Guard } from '../http/handlers.ts'
import { firstHeader, isProbe, text } from '../http/messages.ts'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * Refuses a Host that is not this machine: a browser that was led here by a name of the attacker's (DNS rebinding) says
 * that name. No Host at all is let through, as old clients send none.
 */
export const knownHost = (): Guard => (request) => {
  // An absolute-form target names the host too, and stands above the header.
  const named = [splitTarget(request.target).authority, firstHeader(request, 'host')]
  const isForeign = named.some((host) => host !== undefined && !loopback.test(host))
  return isForeign && !isProbe(request) ? text(403, 'Unknown host') : undefined
}
