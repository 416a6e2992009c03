import type { Socket } from 'node:net'
import { SecretsError } from '@keyplane/core'

/** Who connected to a Unix socket, as the kernel noted it at that moment. */
export interface PeerCredentials {
  readonly processId: number
  readonly userId: number
  readonly groupId: number
}

/** The peer of a connection; nothing where the kernel does not say. */
export type PeerCredentialsOf = (socket: Socket) => PeerCredentials | undefined

/** C's `getsockopt`: 0 where it worked. */
type GetSocketOption = (fd: number, level: number, option: number, value: Buffer, length: Buffer) => number

/** Of Linux: socket(7), `SO_PEERCRED`; a process, a user and a group, of 32 bits each. */
const [socketLevel, peerCredentials, credentialBytes] = [1, 17, 12]

/**
 * How peers are told, on Linux. Neither Node.js nor Bun has a call for it: it is C's own, through `bun:ffi`, or on Node.js
 * through the package koffi, which who needs it installs.
 * @throws SecretsError `config_invalid` on other systems, and where koffi is not there.
 */
export const openPeerCredentials = async (): Promise<PeerCredentialsOf> => {
  if (process.platform !== 'linux')
    throw new SecretsError('config_invalid', 'Who is at the other end of a socket can be told on Linux only.')
  const getSocketOption = process.versions['bun'] === undefined ? await byKoffi() : await byBun()
  return (socket) => {
    const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd
    if (fd === undefined || fd < 0) return undefined
    const value = Buffer.alloc(credentialBytes)
    const length = Buffer.from(Uint32Array.of(credentialBytes).buffer)
    if (getSocketOption(fd, socketLevel, peerCredentials, value, length) !== 0) return undefined
    const [processId = 0, userId = 0, groupId = 0] = new Uint32Array(value.buffer, value.byteOffset, 3)
    return { processId, userId, groupId }
  }
}

/** Not by a name that bundlers see: each is there for one runtime only. */
const load = async <Module>(name: string): Promise<Module> => (await import(name)) as Module

interface Koffi {
  load(path: null): { func(prototype: string): GetSocketOption }
}

const byKoffi = async (): Promise<GetSocketOption> => {
  try {
    const { default: koffi } = await load<{ readonly default: Koffi }>('koffi')
    return koffi.load(null).func('int getsockopt(int, int, int, _Out_ void *, _Inout_ void *)')
  } catch (cause) {
    throw new SecretsError(
      'config_invalid',
      'To tell users at the Unix socket, Node.js needs the package koffi: npm install koffi. The standalone executable needs nothing.',
      { cause },
    )
  }
}

interface BunFfi {
  dlopen(
    path: string,
    symbols: object,
  ): { readonly symbols: { readonly getsockopt: (...values: readonly unknown[]) => number } }
  ptr(memory: Uint8Array): unknown
}

const byBun = async (): Promise<GetSocketOption> => {
  const { dlopen, ptr } = await load<BunFfi>('bun:ffi')
  const declared = { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' }
  const { getsockopt } = dlopen('libc.so.6', { getsockopt: declared }).symbols
  return (fd, level, option, value, length) => getsockopt(fd, level, option, ptr(value), ptr(length))
}
