import { isIPv6 } from 'node:net'
import { type Clock, SecretsError, toSecretsError } from '@keyplane/core'
import type { AgentConfig, ListenConfig } from '../config/agent-config.ts'
import { followFiles } from '../followed-files.ts'
import { anyHost, knownHost } from '../guards/known-host.ts'
import type { RefusalLog } from '../guards/refusal-log.ts'
import { ConnectionRoom } from '../http/connection-room.ts'
import { AgentServer } from '../http/server.ts'
import type { ServerParts } from '../http/server-parts.ts'
import type { Door, DoorHandlers } from './door.ts'
import { openSocketPeers } from './socket-peers.ts'
import { removeStaleSocket } from './stale-socket.ts'
import { readTlsIdentity } from './tls-files.ts'

export interface ListenersParts extends Pick<ServerParts, 'limit' | 'date' | 'onError'> {
  readonly log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>
  readonly clock: Clock
  readonly refusals: RefusalLog
}

interface Opened {
  readonly door: Door
  readonly server: AgentServer
  readonly slot: { handlers?: DoorHandlers }
}

/** Where the agent listens. All is bound before anything is answered. */
export class Listeners {
  readonly #parts: ListenersParts
  readonly #room: ConnectionRoom
  readonly #opened: Opened[] = []
  readonly #unfollow: (() => void)[] = []
  /** Of the first, on 127.0.0.1. */
  port = 0
  /** Where Vault's dialect has a port of its own. */
  vaultPort: number | undefined

  private constructor(parts: ListenersParts) {
    this.#parts = parts
    this.#room = new ConnectionRoom((max) => parts.refusals.noRoom(max))
  }

  /** @throws SecretsError `config_invalid` where one of them can't be had; none is left then. ::1 is no must. */
  static async bind(config: AgentConfig, parts: ListenersParts): Promise<Listeners> {
    const listeners = new Listeners(parts)
    try {
      listeners.port = await listeners.#loopback('loopback', config.httpPort)
      if (config.socketPath !== undefined) await listeners.#socket(config.socketPath, config)
      for (const listen of config.listen) await listeners.#network(listen)
      if (config.vaultPort !== undefined) listeners.vaultPort = await listeners.#loopback('vault', config.vaultPort)
      return listeners
    } catch (error) {
      await listeners.close(0)
      throw error
    }
  }

  /** Where it listens, the first first. */
  get addresses(): readonly string[] {
    return this.#opened.map(({ door }) => door.address)
  }

  /** From here on requests are answered, those that wait first. */
  ready(handlersOf: (door: Door) => DoorHandlers): void {
    for (const { door, slot } of this.#opened) slot.handlers = handlersOf(door)
    for (const { server } of this.#opened) server.ready()
  }

  async close(graceMs?: number): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow()
    await Promise.all(this.#opened.map(({ server }) => server.close(graceMs)))
  }

  async #loopback(kind: 'loopback' | 'vault', wanted: number): Promise<number> {
    const open = async (port: number, host: string): Promise<number> => {
      const { server, slot } = this.#server()
      const bound = await listened(server, () =>
        server.listen(port, host, kind === 'vault' ? 'vault_port' : 'http_port'),
      )
      const address = `http://${shown(host)}:${bound}`
      this.#opened.push({ door: { kind, address, host: knownHost(), takesOwnToken: true }, server, slot })
      return bound
    }
    const port = await open(wanted, '127.0.0.1')
    try {
      await open(port, '::1')
    } catch (error) {
      // A machine without IPv6 has no ::1. Another program there would be shown the tokens of who asks `localhost`.
      const isTaken = error instanceof SecretsError && error.reason === 'port_taken'
      this.#parts.log[isTaken ? 'warn' : 'info'](
        {},
        `Not listening on ::1: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    return port
  }

  async #socket(path: string, config: AgentConfig): Promise<void> {
    const admit = await openSocketPeers(config, {
      onRefused: (peer) => this.#parts.refusals.connection(peer),
    })
    await removeStaleSocket(path)
    const { server, slot } = this.#server({ ...(admit && { admit }) })
    await server.listenOnSocket(path, config.socketMode)
    const door: Door = { kind: 'socket', address: `unix:${path}`, host: anyHost(), takesOwnToken: true }
    this.#opened.push({ door, server, slot })
  }

  async #network(listen: ListenConfig): Promise<void> {
    let identity = readTlsIdentity(listen)
    const { server, slot } = this.#server({ tls: identity.options })
    const { address, port, certificate, key, clientCa } = listen
    const bound = await listened(server, () => server.listen(port, address, 'keyplane.listen'))
    const door: Door = {
      kind: 'network',
      address: `https://${shown(address)}:${bound}`,
      host: knownHost((host) => identity.isOwnHost(host)),
      takesOwnToken: clientCa !== undefined,
    }
    this.#opened.push({ door, server, slot })
    const files = [certificate, key, ...(clientCa === undefined ? [] : [clientCa])]
    const { clock, log } = this.#parts
    const renew = (): void => {
      try {
        identity = readTlsIdentity(listen)
        server.renewTls(identity.options)
        log.info({}, `${door.address} shows the certificate that ${certificate} holds since it changed.`)
      } catch (thrown) {
        const { code, message } = toSecretsError(thrown)
        log.error({ code }, `${door.address} goes on with the certificate that it had: ${message}`)
      }
    }
    this.#unfollow.push(followFiles(files, clock, renew))
  }

  #server(own: Pick<ServerParts, 'tls' | 'admit'> = {}): Omit<Opened, 'door'> {
    const slot: Opened['slot'] = {}
    const server = new AgentServer({
      app: (request) => {
        if (!slot.handlers) throw new SecretsError('closed', 'The agent is not ready.')
        return slot.handlers.app(request)
      },
      fastPath: (chunk, connection) => slot.handlers?.fastPath(chunk, connection),
      room: this.#room,
      ...this.#parts,
      ...own,
    })
    return { server, slot }
  }
}

/** The port. A server that can't listen is closed: it has timers of its own. */
const listened = async (server: AgentServer, listen: () => Promise<number>): Promise<number> => {
  try {
    return await listen()
  } catch (error) {
    await server.close(0)
    throw error
  }
}

const shown = (host: string): string => (isIPv6(host) ? `[${host}]` : host)
