import type { Guard } from '../http/handlers.ts'
import type { ServerParts } from '../http/server-parts.ts'

/** A way in, and what holds for whoever comes by it. */
export interface Door {
  /** This machine by TCP or a Unix socket, another machine by TLS, or Vault's dialect alone on this machine. */
  readonly kind: 'loopback' | 'socket' | 'network' | 'vault'
  /** As it is told: `https://10.0.0.5:2774`. */
  readonly address: string
  /** Who may be meant by a Host header. */
  readonly host: Guard
  /** Whether the agent's own token counts, which opens everything; else only clients' tokens do. */
  readonly takesOwnToken: boolean
}

/** What answers whoever comes by a door. */
export type DoorHandlers = Pick<ServerParts, 'app' | 'fastPath'>
