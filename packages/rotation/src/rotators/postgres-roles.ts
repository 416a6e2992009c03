import type { Random, SecretValue } from '@keyplane/core'
import { SecretsError } from '@keyplane/core'
import type { Client } from 'pg'
import type { Acceptance, RotatorCall } from '../ports/rotator.ts'
import { type PostgresLogin, type PostgresReach, postgresLogin, withPostgres } from './postgres-session.ts'
import { scramVerifier } from './scram-verifier.ts'

export interface PostgresRolesOptions extends PostgresReach {
  readonly random: Random
}

/** Logs in, and asks the server something. */
export const testLogin = async (call: RotatorCall, value: SecretValue, reach: PostgresReach): Promise<Acceptance> => {
  try {
    await withPostgres(postgresLogin(value), { ...reach, signal: call.signal }, (client) => client.query('select 1'))
    return 'accepted'
  } catch (error) {
    if (error instanceof SecretsError && error.reason === 'refused_login') return 'refused'
    throw error
  }
}

/** A change of roles, in one transaction; gives the statements to run, with what the database says meanwhile. */
export type RoleChange = (client: Client) => Promise<readonly string[]>

/**
 * Changes roles as somebody who may. Changes of one user are done one after the other, those of a process that was given
 * up too: it holds the lock for as long as what it sent may still come, and each later one sees what it left.
 */
export const changeRoles = async (
  call: RotatorCall,
  by: PostgresLogin,
  { reach, user, change }: { readonly reach: PostgresReach; readonly user: string; readonly change: RoleChange },
): Promise<Acceptance> => {
  try {
    await withPostgres(by, { ...reach, signal: call.signal }, async (client) => {
      await client.query('begin')
      await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`keyplane rotation of ${user}`])
      const statements = await change(client)
      call.requireLease()
      for (const statement of statements) await client.query(statement)
      // Sent on its own, once all else was answered: a connection that is cut before leaves nothing.
      call.requireLease()
      await client.query('commit')
    })
    return 'accepted'
  } catch (error) {
    if (error instanceof SecretsError && error.reason === 'refused_password') return 'refused'
    throw error
  }
}

/** Whether a role of that name is there. */
export const hasRole = async (client: Client, name: string): Promise<boolean> =>
  (await client.query('select 1 from pg_catalog.pg_roles where rolname = $1', [name])).rows.length > 0

/** `ALTER ROLE … PASSWORD` takes no parameter. The password is not in it: only what the server would make of it. */
export const setPassword = (client: Client, { user, password }: PostgresLogin, random: Random): string =>
  `alter role ${client.escapeIdentifier(user)} password ${verifierLiteral(client, password, random)}`

export const verifierLiteral = (client: Client, password: string, random: Random): string =>
  client.escapeLiteral(scramVerifier(password, { salt: random.bytes(16) }))

/** @throws SecretsError `source_misconfigured` (`other_target`) where two values do not lead to one server. */
export const requireSameServer = (a: PostgresLogin, b: PostgresLogin): void => {
  if (a.host === b.host && a.port === b.port) return
  throw new SecretsError(
    'source_misconfigured',
    'The two logins lead to different servers; none is changed by the other.',
    {
      reason: 'other_target',
    },
  )
}
