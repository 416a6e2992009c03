import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { SecretsError } from '@keyplane/core'
import type { AgentConfig, ListenConfig } from '../config/agent-config.ts'
import { anyHost, certificateHosts, knownHost } from '../guards/known-host.ts'
import { AgentServer } from '../http/server.ts'
import type { ServerParts } from '../http/server-parts.ts'
import type { Door, DoorHandlers } from './door.ts'
import { removeStaleSocket } from './stale-socket.ts'

export interface ListenersParts extends Pick<ServerParts, 'limit' | 'date' | 'onError'> {
  readonly log: Record<'info' | 'warn', (facts: object, message: string) => void>
}

interface Opened {
  readonly door: Door
  readonly server: AgentServer
  readonly slot: { handlers?: DoorHandlers }
}

/** Where the agent listens. All is bound before anything is answered. */
export class Listeners {
  readonly #parts: ListenersParts
  readonly #opened: Opened[] = []
  /** Of the first, on 127.0.0.1. */
  port = 0
  /** Where Vault's dialect has a port of its own. */
  vaultPort: number | undefined

  private constructor(parts: ListenersParts) {
    this.#parts = parts
  }

  /** @throws SecretsError `config_invalid` where one of them can't be had; none is left then. ::1 is no must. */
  static async bind(config: AgentConfig, parts: ListenersParts): Promise<Listeners> {
    const listeners = new Listeners(parts)
    try {
      listeners.port = await listeners.#loopback('loopback', config.httpPort)
      if (config.socketPath !== undefined) await listeners.#socket(config.socketPath, config.socketMode)
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

  async #socket(path: string, mode: number): Promise<void> {
    await removeStaleSocket(path)
    const { server, slot } = this.#server()
    await server.listenOnSocket(path, mode)
    const door: Door = { kind: 'socket', address: `unix:${path}`, host: anyHost(), takesOwnToken: true }
    this.#opened.push({ door, server, slot })
  }

  async #network({ address, port, certificate, key, clientCa }: ListenConfig): Promise<void> {
    const cert = readPem(certificate)
    const { server, slot } = usable(certificate, () =>
      this.#server({
        cert,
        key: readPem(key),
        ...(clientCa !== undefined && { ca: readCa(clientCa), requestCert: true, rejectUnauthorized: true }),
      }),
    )
    const bound = await listened(server, () => server.listen(port, address, 'keyplane.listen'))
    const door: Door = {
      kind: 'network',
      address: `https://${shown(address)}:${bound}`,
      host: knownHost(certificateHosts(usable(certificate, () => new X509Certificate(cert)))),
      takesOwnToken: clientCa !== undefined,
    }
    this.#opened.push({ door, server, slot })
  }

  #server(tls?: ServerParts['tls']): Omit<Opened, 'door'> {
    const slot: Opened['slot'] = {}
    const server = new AgentServer({
      app: (request) => {
        if (!slot.handlers) throw new SecretsError('closed', 'The agent is not ready.')
        return slot.handlers.app(request)
      },
      fastPath: (chunk, isLast) => slot.handlers?.fastPath(chunk, isLast),
      ...this.#parts,
      ...(tls && { tls }),
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

const usable = <T>(certificate: string, make: () => T): T => {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof SecretsError) throw cause
    throw new SecretsError('config_invalid', `The certificate ${certificate} and its key can't be used.`, { cause })
  }
}

const shown = (host: string): string => (isIPv6(host) ? `[${host}]` : host)

const readPem = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `The file ${path} can't be read (${code}).`, { cause })
  }
}

/** Without a certificate in it TLS would take nobody's, or anybody's that the system trusts. */
const readCa = (path: string): Buffer => {
  const pem = readPem(path)
  const found = pem.toString('latin1').match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g)
  if (!found) throw new SecretsError('config_invalid', `The file ${path} of client_ca holds no certificate.`)
  return pem
}
