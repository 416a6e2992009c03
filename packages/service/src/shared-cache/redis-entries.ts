import { SecretsError } from '@keyplane/core'
import { Redis } from 'ioredis'
import type { Entries, EntriesListener } from './entries.ts'
import { maxAheadMs, momentDigits, readMoment } from './moment.ts'

export interface RedisEntriesOptions {
  /** `redis://host:port/db`, or `rediss://` for TLS. Without a login. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string | undefined
  /** Before every key, and the channel's name. */
  readonly prefix: string
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

const setUnlessYounger = `
local old = redis.call('GET', KEYS[1])
if old then
  local moment = string.sub(old, 1, ${momentDigits})
  if #moment == ${momentDigits} and not string.find(moment, '%D') and moment > ARGV[3] and moment <= ARGV[4] then return false end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return old`

/** Entries in Redis or Valkey. It connects again behind, for ever; meanwhile calls fail at once. */
export class RedisEntries implements Entries {
  /** It is connected, or can't be at the first try. */
  readonly opened: Promise<void>
  readonly #redis: Redis
  readonly #subscriber: Redis
  readonly #prefix: string
  readonly #nowMs: () => number
  readonly #listeners = new Set<EntriesListener>()

  constructor({ url, username, password, ca, prefix, nowMs }: RedisEntriesOptions) {
    const options = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(ca !== undefined && { tls: { ca } }),
      connectTimeout: 1_000,
      // A connection on which nothing is answered is given up: its other end may be gone.
      socketTimeout: 5_000,
      retryStrategy: (attempt: number) => Math.min(100 * attempt, 1_000),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      protocol: 2 as const,
      disableClientInfo: true,
    }
    this.#prefix = prefix
    this.#nowMs = nowMs
    this.#redis = new Redis(url, options)
    this.#subscriber = new Redis(url, { ...options, autoResubscribe: false })
    for (const redis of [this.#redis, this.#subscriber]) redis.on('error', () => {})
    this.opened = new Promise((resolve) => {
      for (const event of ['ready', 'close'] as const) this.#redis.once(event, () => resolve())
    })
    this.#follow()
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return answered(async () => (await this.#redis.getBuffer(this.#prefix + key)) ?? undefined)
  }

  set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    return answered(
      async () => void (await this.#redis.set(this.#prefix + key, Buffer.from(bytes), 'PX', Math.ceil(ttlMs))),
    )
  }

  setIfAbsent(key: string, bytes: Uint8Array, ttlMs?: number): Promise<Uint8Array | undefined> {
    const expiry = ttlMs === undefined ? [] : ['PX', Math.ceil(ttlMs)]
    return answered(async () => {
      const args = [this.#prefix + key, Buffer.from(bytes), 'NX', 'GET', ...expiry]
      return ((await this.#redis.callBuffer('SET', ...args)) as Buffer | null) ?? undefined
    })
  }

  setUnlessYounger(key: string, bytes: Uint8Array, ttlMs: number): Promise<Uint8Array | undefined> {
    const moment = Buffer.from(bytes.subarray(0, momentDigits))
    const latest = readMoment(this.#nowMs() + maxAheadMs)
    return answered(async () => {
      const args = [this.#prefix + key, Buffer.from(bytes), Math.ceil(ttlMs), moment, latest]
      return ((await this.#redis.callBuffer('EVAL', setUnlessYounger, 1, ...args)) as Buffer | null) ?? undefined
    })
  }

  remove(key: string): Promise<void> {
    return answered(async () => void (await this.#redis.del(this.#prefix + key)))
  }

  publish(message: string): Promise<void> {
    return answered(async () => void (await this.#redis.publish(this.#channel, message)))
  }

  subscribe(listener: EntriesListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Asks for a word on the connection that changes come by: where none comes it is given up for another. To be called from time to time. */
  checkListening(): void {
    this.#subscriber.ping().catch(() => {})
  }

  close(): void {
    this.#redis.disconnect()
    this.#subscriber.disconnect()
  }

  get #channel(): string {
    return `${this.#prefix}changes`
  }

  #follow(): void {
    let connections = 0
    this.#subscriber.on('ready', () => {
      connections += 1
      const isAgain = connections > 1
      const told = (): void => this.#listeners.forEach(({ onGap }) => isAgain && onGap())
      // One that can't be subscribed to is as good as one that is not there: another try comes with the next connection.
      this.#subscriber.subscribe(this.#channel).then(told, () => this.#subscriber.disconnect(true))
    })
    this.#subscriber.on('message', (_channel, message) =>
      this.#listeners.forEach(({ onMessage }) => onMessage(message)),
    )
  }
}

/** Replies that say that Redis is about to be there, or is so elsewhere. */
const isAway = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|READONLY|TRYAGAIN|BUSY|NOAUTH|WRONGPASS)\b/

const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask()
  } catch (cause) {
    const { name, message } = cause as Error
    // What Redis says may repeat a command's words; its first word is its own.
    const word = /^[A-Z]+\b/.exec(message)?.[0] ?? 'no connection'
    if (name !== 'ReplyError' || isAway.test(message))
      throw new SecretsError('unavailable', `Redis is not there (${word}).`, { source: 'redis' })
    throw new SecretsError(word === 'OOM' ? 'rate_limited' : 'bad_response', `Redis refuses (${word}).`, {
      source: 'redis',
    })
  }
}
