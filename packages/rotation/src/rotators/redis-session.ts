import { createHash } from 'node:crypto'
import { SecretsError, type SecretValue } from '@keyplane/core'
import { type Address, addressOf } from './address.ts'
import { textMember } from './credential.ts'

/** How a Redis or Valkey is reached. */
export interface RedisReach {
  /** For a connection, and for each command. Default 5,000. */
  readonly timeoutMs?: number
  /** PEM of the authorities whose servers are trusted. Default: those of the machine. */
  readonly ca?: string
}

/** A login: `host`, `port`, `username`, `password`, `ssl`. */
export interface RedisLogin extends Address {
  readonly user: string
  readonly password: string
}

/** @throws SecretsError `source_misconfigured` (`value_shape`) */
export const redisLogin = (value: SecretValue): RedisLogin => ({
  ...addressOf(value, 6_379),
  user: textMember(value, 'username'),
  password: textMember(value, 'password'),
})

/** What the server keeps of a password; rules of ACLs take it in the password's place. */
export const passwordHash = ({ password }: RedisLogin): string => createHash('sha256').update(password).digest('hex')

/** Sends one command. */
export type RedisCall = (name: string, ...parameters: readonly string[]) => Promise<unknown>

/**
 * Runs an act over a connection that has logged in, which is cut if the signal is aborted.
 * @throws SecretsError `unauthenticated` (`refused_login`) where the server refuses the password, and what else it says.
 */
export const withRedis = async <T>(
  login: RedisLogin,
  reach: RedisReach & { readonly signal: AbortSignal },
  act: (call: RedisCall) => Promise<T>,
): Promise<T> => {
  const { Redis } = await import('ioredis')
  const { host, port, user, password, tls } = login
  const { timeoutMs = 5_000, ca, signal } = reach
  signal.throwIfAborted()
  const client = new Redis({
    host,
    port,
    ...(tls && { tls: { ...(ca !== undefined && { ca }) } }),
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
  })
  client.on('error', () => undefined)
  const cut = (): void => client.disconnect()
  signal.addEventListener('abort', cut, { once: true })
  try {
    await client.connect()
    await client.call('AUTH', user, password)
    return await act((name, ...parameters) => client.call(name, ...parameters))
  } catch (thrown) {
    throw redisFailure(thrown, login)
  } finally {
    signal.removeEventListener('abort', cut)
    cut()
  }
}

/** What ioredis throws holds the command: none of it is passed on but the first word of the server's answer. */
const redisFailure = (thrown: unknown, { host, port }: RedisLogin): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const { name = '', message = '' } = thrown as { readonly name?: string; readonly message?: string }
  const at = `The Redis server at ${host}:${port}`
  if (name !== 'ReplyError') {
    const isHung = /timed? ?out/i.test(message)
    const says = isHung ? 'does not answer' : 'cannot be reached, or cut the connection'
    return new SecretsError(isHung ? 'timeout' : 'unavailable', `${at} ${says}.`, { reason: 'connection_lost' })
  }
  const [word = ''] = /^[A-Z]+/.exec(message) ?? []
  if (word === 'WRONGPASS')
    return new SecretsError('unauthenticated', `${at} refuses the password.`, { reason: 'refused_login' })
  const isOurs = word === 'NOPERM' || word === 'ERR' || word === 'NOAUTH'
  return new SecretsError(
    isOurs ? 'source_misconfigured' : 'unavailable',
    `${at} refuses what it is asked (${word}).`,
    {
      reason: isOurs ? 'command_refused' : 'server_refused',
    },
  )
}
