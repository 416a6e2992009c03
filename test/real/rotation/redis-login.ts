import { type SecretValue, TextValue } from '@keyplane/core'
import { Redis } from 'ioredis'

export interface RedisLogin {
  readonly username: string
  readonly password: string
  readonly port: number
}

export const redisLoginOf = (value: SecretValue): RedisLogin => JSON.parse(String(value.reveal())) as RedisLogin
export const redisValue = (login: RedisLogin): SecretValue =>
  new TextValue(JSON.stringify({ host: '127.0.0.1', ...login }))

/** Logs in over a connection of its own. @throws what the server or the connection says */
export const logInToRedis = async (value: SecretValue): Promise<void> => {
  const { port, username, password } = redisLoginOf(value)
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.call('AUTH', username, password)
  } finally {
    client.disconnect()
  }
}

/** Whether the server takes a login. */
export const redisAccepts = (value: SecretValue): Promise<boolean> =>
  logInToRedis(value).then(
    () => true,
    (error) => {
      if (String(error).includes('WRONGPASS')) return false
      throw error
    },
  )
