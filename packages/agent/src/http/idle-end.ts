import type { Socket } from 'node:net'

export interface IdleLimits {
  /** A connection on which nothing moves is ended after this long; one whose request is being answered never is. */
  readonly idleMs: number
  /** What the peer has then to close its side, or to read what it was sent. */
  readonly lingerMs: number
}

/**
 * Ends the socket when nothing moves on it, and frees it even if the peer never closes. A peer that does not read what
 * it was sent counts as one on which nothing moves.
 */
export const endWhenIdle = (socket: Socket, { idleMs, lingerMs }: IdleLimits, isBusy: () => boolean): void => {
  socket.setTimeout(idleMs)
  socket.on('timeout', () => {
    if (isBusy()) {
      socket.setTimeout(idleMs)
      return
    }
    socket.end()
    const cut = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(cut))
  })
}
