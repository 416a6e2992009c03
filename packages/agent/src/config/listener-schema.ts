import type { ClientConfig, ListenConfig } from './agent-config.ts'
import { type Option, option, type Rows } from './schema.ts'
import {
  anyText,
  bool,
  fileMode,
  integer,
  ipAddress,
  listOf,
  socketPath,
  textLike,
  textsLike,
} from './value-readers.ts'

const userName = /^(?:\d{1,10}|[A-Za-z_][\w.@-]{0,63})$/

/** Which dialects the agent speaks, and where it listens beside 127.0.0.1. */
export const listenerOptions: Readonly<Record<string, Option>> = {
  lambda_extension: option(false, bool, (lambdaExtension: boolean) => ({ lambdaExtension })),
  vault_mounts: option(
    [],
    textsLike(/^(?!(?:sys|auth)(?:\/|$))[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/, 'mount, like secret'),
    (mounts: string[]) => ({ vaultMounts: Object.freeze([...mounts]) }),
  ),
  vault_port: option(undefined, integer(1024, 65_535, 0), (vaultPort?: number) =>
    vaultPort === undefined ? {} : { vaultPort },
  ),
  socket_path: option(undefined, socketPath, (path?: string) => (path === undefined ? {} : { socketPath: path })),
  socket_mode: option('0600', fileMode, (mode: number | string) => ({
    socketMode: typeof mode === 'number' ? mode : Number.parseInt(mode, 8),
  })),
  socket_users: option(undefined, listOf(userName, "user's name, or number in quotes"), (users?: string[]) =>
    users === undefined ? {} : { socketUsers: Object.freeze([...users]) },
  ),
}

const globs = textsLike(/[^]/, 'name or glob, like app/*')
const token = textLike(
  /^(?:file:\/\/\/[^]+|env:\/\/[A-Za-z_]\w*)$/,
  'file:///PATH or env://VARIABLE, not the token itself',
)

const clients: Rows = {
  kind: 'rows',
  fields: {
    name: { read: textLike(/^[\w.@-]{1,64}$/, 'a name of letters, digits and _.@-'), required: true },
    token: { read: token, required: false },
    user: { read: textLike(userName, "a user's name, or number in quotes"), required: false },
    secrets: { read: globs, required: false },
    parameters: { read: globs, required: false },
  },
  set: (rows) => ({
    clients: Object.freeze(
      rows.map((row) => Object.freeze({ secrets: [], parameters: [], ...row } as unknown as ClientConfig)),
    ),
  }),
}

const listen: Rows = {
  kind: 'rows',
  fields: {
    address: { read: ipAddress, required: true },
    port: { read: integer(1024, 65_535, 0), required: true },
    certificate: { read: anyText, required: true },
    key: { read: anyText, required: true },
    client_ca: { read: anyText, required: false },
  },
  set: (rows) => ({
    listen: Object.freeze(
      rows.map(({ client_ca: clientCa, ...row }) =>
        Object.freeze({ ...row, ...(clientCa !== undefined && { clientCa }) } as unknown as ListenConfig),
      ),
    ),
  }),
}

/** Tables of their own: `[[keyplane.clients]]`, `[[keyplane.listen]]`. */
export const listenerRows: Readonly<Record<'clients' | 'listen', Rows>> = { clients, listen }
