import type { Socket } from 'node:net'
import { SecretsError } from '@keyplane/core'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Caller } from '../guards/callers.ts'
import { clientCaller } from '../guards/client-caller.ts'
import type { Admission } from '../http/server-parts.ts'
import { openPeerCredentials, type PeerCredentials, type PeerCredentialsOf } from './peer-credentials.ts'
import { unmappedUser } from './unmapped-user.ts'
import { userId } from './user-id.ts'

export interface SocketPeersParts {
  /** Told of who is refused. */
  readonly onRefused: (peer: PeerCredentials | undefined) => void
  /** Default: the kernel's answer. */
  readonly credentialsOf?: PeerCredentialsOf
  /** The number that many users may share here. Default: what the kernel says. */
  readonly unmapped?: number | undefined
}

/**
 * Who may connect to the Unix socket; nothing where the configuration leaves that to the file's mode.
 * @throws SecretsError `config_invalid` where peers can't be told, or a user is not known, or is one of many.
 */
export const openSocketPeers = async (
  { socketUsers, clients }: Pick<AgentConfig, 'socketUsers' | 'clients'>,
  { onRefused, credentialsOf, unmapped = unmappedUser() }: SocketPeersParts,
): Promise<((socket: Socket) => Admission) | undefined> => {
  const callers = new Map<number, Caller>()
  for (const client of clients) {
    if (client.user === undefined) continue
    const id = single(client.user, unmapped)
    if (callers.has(id)) throw twice(client.name)
    callers.set(id, clientCaller(client))
  }
  if (socketUsers === undefined && callers.size === 0) return undefined
  const allowed = socketUsers && new Set(socketUsers.map((user) => single(user, unmapped)))
  const peerOf = credentialsOf ?? (await openPeerCredentials())
  return (socket) => {
    const peer = peerOf(socket)
    const caller = peer && callers.get(peer.userId)
    if (caller) return caller
    if (peer && allowed?.has(peer.userId) !== false) return 'by token'
    onRefused(peer)
    return 'refused'
  }
}

const single = (user: string, unmapped: number | undefined): number => {
  const id = userId(user)
  if (id !== unmapped) return id
  throw new SecretsError(
    'config_invalid',
    `The user ${user} can't be named: in the agent's user namespace ${id} is everybody who has no number there.`,
  )
}

const twice = (name: string): SecretsError =>
  new SecretsError('config_invalid', `The user of ${name} is another client's too: each needs its own.`)
