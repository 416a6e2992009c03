import { SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer, OpenBaoCall, OpenBaoClient } from '@keyplane/openbao'
import type { Rotator, RotatorCall } from '../../ports/rotator.ts'

/** A role of OpenBao's database engine. */
export interface DatabaseRoleOptions {
  readonly client: Pick<OpenBaoClient, 'call' | 'refresh'>
  /** Where the engine is mounted. Default `database`. */
  readonly mount?: string
  readonly role: string
  /** Logs in to the database: a rotator of its kind, such as `postgresUserRotator`. What OpenBao says of a password is no proof. */
  readonly target: Pick<Rotator, 'test'>
}

/** What OpenBao gives of a user. */
export interface DatabaseCredential {
  readonly username: string
  readonly password: string
}

/** Asks OpenBao something of a role. */
export const askRole = (
  { client, mount = 'database', role }: Omit<DatabaseRoleOptions, 'target'>,
  { signal }: Pick<RotatorCall, 'signal'>,
  { method, of }: { readonly method: OpenBaoCall['method']; readonly of: 'creds' | 'static-creds' | 'rotate-role' },
): Promise<OpenBaoAnswer> => {
  const path = [...mount.split('/'), of, role].map(encodeURIComponent).join('/')
  return client.call({ method, path, signal })
}

/** @throws SecretsError `bad_response` */
export const credentialIn = (answer: OpenBaoAnswer): DatabaseCredential => ({
  username: textIn(answer, 'data', 'username'),
  password: textIn(answer, 'data', 'password'),
})

/** @throws SecretsError `bad_response` */
export const textIn = (answer: OpenBaoAnswer, ...path: readonly string[]): string => {
  const found = answer.member(...path)
  if (typeof found === 'string' && found !== '') return found
  throw new SecretsError('bad_response', `OpenBao's answer has no text at ${JSON.stringify(path.join('.'))}.`, {
    reason: 'answer_shape',
  })
}
