import type { ConfigParts } from './agent-config.ts'

/** What no key shows by itself: where it stands in the file, and what is wrong. */
export interface Contradiction {
  readonly path: readonly string[]
  readonly what: string
}

/** Everything in which keys that are each well-formed contradict each other. */
export const contradictions = ({
  clients = [],
  listen = [],
  persistFile,
  persistKeyFile,
  socketPath,
  socketUsers,
}: Partial<ConfigParts>): Contradiction[] => [
  ...(persistFile !== undefined && persistKeyFile === undefined
    ? [{ path: ['keyplane', 'persist_file'], what: 'needs persist_key_file: what is kept is sealed' }]
    : []),
  ...(persistFile === undefined && persistKeyFile !== undefined
    ? [{ path: ['keyplane', 'persist_key_file'], what: 'needs persist_file' }]
    : []),
  ...clients.flatMap(({ name }, index) =>
    clients.findIndex((other) => other.name === name) < index
      ? [{ path: ['keyplane', 'clients', String(index), 'name'], what: 'is the name of another client too' }]
      : [],
  ),
  ...clients.flatMap(({ token, user }, index) => {
    const path = ['keyplane', 'clients', String(index)]
    if ((token === undefined) === (user === undefined)) return [{ path, what: 'needs a token or a user, not both' }]
    return user !== undefined && socketPath === undefined
      ? [{ path: [...path, 'user'], what: 'needs socket_path: only there are users known' }]
      : []
  }),
  ...(socketUsers !== undefined && socketPath === undefined
    ? [{ path: ['keyplane', 'socket_users'], what: 'needs socket_path' }]
    : []),
  ...listen.flatMap(({ clientCa }, index) =>
    clientCa === undefined && !clients.some(({ token }) => token !== undefined)
      ? [
          {
            path: ['keyplane', 'listen', String(index)],
            what: 'needs client_ca, or [[keyplane.clients]] whose tokens count there',
          },
        ]
      : [],
  ),
]
