import type { Socket } from 'node:net'
import { SecretsError } from '@keyplane/core'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Caller } from '../guards/callers.ts'
import { clientCaller } from '../guards/client-caller.ts'
import type { Admission } from '../http/server-parts.ts'
import { openPeerCredentials, type PeerCredentials, type PeerCredentialsOf } from './peer-credentials.ts'
import { userId } from './user-id.ts'

export interface SocketPeersParts {
  /** Told of who is refused. */
  readonly onRefused: (peer: PeerCredentials | undefined) => void
  /** Default: the kernel's answer. */
  readonly credentialsOf?: PeerCredentialsOf
}

/**
 * Who may connect to the Unix socket; nothing where the configuration leaves that to the file's mode.
 * @throws SecretsError `config_invalid` where peers can't be told, or a user is not known.
 */
export const openSocketPeers = async (
  { socketUsers, clients }: Pick<AgentConfig, 'socketUsers' | 'clients'>,
  { onRefused, credentialsOf }: SocketPeersParts,
): Promise<((socket: Socket) => Admission) | undefined> => {
  const callers = new Map<number, Caller>()
  for (const client of clients) {
    if (client.user === undefined) continue
    const id = userId(client.user)
    if (callers.has(id)) throw twice(client.name)
    callers.set(id, clientCaller(client))
  }
  if (socketUsers === undefined && callers.size === 0) return undefined
  const allowed = socketUsers && new Set(socketUsers.map((user) => userId(user)))
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

const twice = (name: string): SecretsError =>
  new SecretsError('config_invalid', `The user of ${name} is another client's too: each needs its own.`)
