import type { ScratchServer } from '../postgres/scratch-server.ts'
import type { BaoServer } from './bao-server.ts'

/** Mounts the database engine, over a PostgreSQL. */
export const databaseEngine = async (bao: BaoServer, server: ScratchServer): Promise<void> => {
  const { username, password } = new URL(server.url())
  await bao.done('POST', 'sys/mounts/database', { type: 'database' })
  await bao.done('POST', 'database/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${server.port}/postgres?sslmode=disable`,
    username,
    password: decodeURIComponent(password),
    allowed_roles: '*',
  })
}

/** A user whose password OpenBao keeps: another one from here on. */
export const staticRole = async (
  bao: BaoServer,
  server: ScratchServer,
  { name, period = '24h' }: { readonly name: string; readonly period?: string },
): Promise<void> => {
  await server.query(`create role ${name} login password 'nobody-knows-it'`)
  await bao.done('POST', `database/static-roles/${name}`, { db_name: 'pg', username: name, rotation_period: period })
}

/** A role that makes users, whose leases last for an hour unless told otherwise. */
export const dynamicRole = (bao: BaoServer, name: string, ttls: object = {}): Promise<unknown> =>
  bao.done('POST', `database/roles/${name}`, {
    db_name: 'pg',
    default_ttl: '1h',
    max_ttl: '2h',
    ...ttls,
    creation_statements: [`create role "{{name}}" login password '{{password}}' valid until '{{expiration}}'`],
  })
