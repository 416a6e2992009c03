import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { splitTarget } from '@keyplane/protocol'
import type { Guard } from '../http/handlers.ts'
import { firstHeader, isProbe, text } from '../http/messages.ts'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/** Whether a Host is one of this listener's, port included. */
export type IsOwnHost = (host: string) => boolean

const isLoopbackHost: IsOwnHost = (host) => loopback.test(host)

/** The names and addresses that a listener's certificate is for: who checked it has called it by one of them. */
export const certificateHosts =
  (certificate: X509Certificate): IsOwnHost =>
  (host) => {
    const [, bracketed, plain = bracketed ?? ''] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host) ?? []
    if (plain === '') return false
    return (isIP(plain) === 0 ? certificate.checkHost(plain) : certificate.checkIP(plain)) !== undefined
  }

/**
 * Refuses a Host that is not this listener: a browser that was led here by a name of the attacker's (DNS rebinding) says
 * that name. No Host at all is let through, as old clients send none.
 */
export const knownHost =
  (isOwn: IsOwnHost = isLoopbackHost): Guard =>
  (request) => {
    // An absolute-form target names the host too, and stands above the header.
    const named = [splitTarget(request.target).authority, firstHeader(request, 'host')]
    const isForeign = named.some((host) => host !== undefined && !isOwn(host))
    return isForeign && !isProbe(request) ? text(403, 'Unknown host') : undefined
  }

/** For a Unix socket, which no browser reaches: its clients write what they like. */
export const anyHost = (): Guard => () => undefined
