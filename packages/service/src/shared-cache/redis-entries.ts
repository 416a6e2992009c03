import { type ErrorCode, SecretsError } from '@keyplane/core'
import { Redis, type RedisOptions } from 'ioredis'
import type { Entries, EntriesListener } from './entries.ts'
import { maxAheadMs, momentDigits, readMoment } from './moment.ts'

export interface RedisEntriesOptions {
  /** `redis://host:port/db`, or `rediss://` for TLS. Without a login. */
  readonly url: string
  readonly username?: string | undefined
  /** Asked before each connection, so that what is exchanged holds from then on. @throws where it can't be had: the one before is taken. */
  readonly password?: (() => string) | undefined
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string | undefined
  /** Before every key, and the channel's name. */
  readonly prefix: string
  /** Epoch milliseconds. */
  readonly nowMs: () => number
  /** Told of each call that Redis refuses: what lacks a permission, or has no room. Default: nobody. */
  readonly onProblem?: (problem: string) => void
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
  readonly #onProblem: (problem: string) => void
  readonly #listeners = new Set<EntriesListener>()
  /** Why there was no connection last. */
  #why = 'no connection'
  #subscriptions = 0
  #isSubscribed = false

  constructor({ url, username, password, ca, prefix, nowMs, onProblem = () => {} }: RedisEntriesOptions) {
    const options = {
      ...(username !== undefined && { username }),
      ...(ca !== undefined && { tls: { ca } }),
      connectTimeout: 1_000,
      // A connection on which nothing is answered is given up: its other end may be gone.
      socketTimeout: 5_000,
      // What answers so was the master once; behind its name there may be another one by now.
      reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      protocol: 2 as const,
      disableClientInfo: true,
    }
    this.#prefix = prefix
    this.#nowMs = nowMs
    this.#onProblem = onProblem
    this.#redis = connected(url, options, password)
    this.#subscriber = connected(url, { ...options, autoResubscribe: false }, password)
    this.#subscriber.on('error', () => {})
    this.#redis.on('error', (error: NodeJS.ErrnoException) => {
      this.#why = error.code ?? wordOf(error) ?? this.#why
    })
    this.opened = new Promise((resolve) => {
      for (const event of ['ready', 'close'] as const) this.#redis.once(event, () => resolve())
    })
    this.#follow()
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#answered(async () => (await this.#redis.getBuffer(this.#prefix + key)) ?? undefined)
  }

  set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    return this.#answered(
      async () => void (await this.#redis.set(this.#prefix + key, Buffer.from(bytes), 'PX', Math.ceil(ttlMs))),
    )
  }

  setIfAbsent(key: string, bytes: Uint8Array, ttlMs?: number): Promise<Uint8Array | undefined> {
    const expiry = ttlMs === undefined ? [] : ['PX', Math.ceil(ttlMs)]
    return this.#answered(async () => {
      const args = [this.#prefix + key, Buffer.from(bytes), 'NX', 'GET', ...expiry]
      return ((await this.#redis.callBuffer('SET', ...args)) as Buffer | null) ?? undefined
    })
  }

  setUnlessYounger(key: string, bytes: Uint8Array, ttlMs: number): Promise<Uint8Array | undefined> {
    const moment = Buffer.from(bytes.subarray(0, momentDigits))
    const latest = readMoment(this.#nowMs() + maxAheadMs)
    return this.#answered(async () => {
      const args = [this.#prefix + key, Buffer.from(bytes), Math.ceil(ttlMs), moment, latest]
      return ((await this.#redis.callBuffer('EVAL', setUnlessYounger, 1, ...args)) as Buffer | null) ?? undefined
    })
  }

  remove(key: string): Promise<void> {
    return this.#answered(async () => void (await this.#redis.del(this.#prefix + key)))
  }

  publish(message: string): Promise<void> {
    return this.#answered(async () => void (await this.#redis.publish(this.#channel, message)))
  }

  subscribe(listener: EntriesListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Asks for a word on the connection that changes come by: where none comes it is given up for another. Where Redis refused
   * to let changes be heard, it is asked again. To be called from time to time.
   */
  checkListening(): void {
    if (this.#isSubscribed) this.#subscriber.ping().catch(() => {})
    else if (this.#subscriber.status === 'ready') this.#listen()
  }

  close(): void {
    this.#redis.disconnect()
    this.#subscriber.disconnect()
  }

  get #channel(): string {
    return `${this.#prefix}changes`
  }

  #follow(): void {
    this.#subscriber.on('ready', () => this.#listen())
    this.#subscriber.on('close', () => (this.#isSubscribed = false))
    this.#subscriber.on('message', (_channel, message) =>
      this.#listeners.forEach(({ onMessage }) => onMessage(message)),
    )
  }

  #listen(): void {
    this.#subscriptions += 1
    const isAgain = this.#subscriptions > 1
    const heard = this.#answered(async () => {
      await this.#subscriber.subscribe(this.#channel)
      this.#isSubscribed = true
      this.#listeners.forEach(({ onGap }) => isAgain && onGap())
    })
    heard.catch(() => {})
  }

  async #answered<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      const { name, message, command } = cause as Error & { readonly command?: { readonly name: string } }
      const word = wordOf(cause as Error) ?? this.#why
      if (name !== 'ReplyError' || isAway.test(message)) throw failed('unavailable', `Redis is not there (${word}).`)
      const refusal = `Redis refuses ${command?.name.toUpperCase() ?? 'a command'} (${word}).`
      this.#onProblem(refusal)
      throw failed(word === 'OOM' ? 'rate_limited' : 'bad_response', refusal)
    }
  }
}

/** It reads the password anew before it connects again. */
const connected = (url: string, options: Omit<RedisOptions, 'replyMapping'>, password?: () => string): Redis => {
  const retryStrategy = (attempt: number): number => {
    try {
      if (password) redis.options.password = password()
    } catch {
      // It is being exchanged, say.
    }
    return Math.min(100 * attempt, 1_000)
  }
  const redis: Redis = new Redis(url, { ...options, retryStrategy, ...(password && { password: password() }) })
  return redis
}

/** Replies that say that Redis is about to be there, or is so elsewhere. */
const isAway = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|READONLY|TRYAGAIN|BUSY|NOAUTH|WRONGPASS)\b/

/** What Redis says may repeat a command's words; its first word is its own. */
const wordOf = ({ message }: Error): string | undefined => /^[A-Z]+\b/.exec(message)?.[0]

const failed = (code: ErrorCode, message: string): SecretsError => new SecretsError(code, message, { source: 'redis' })
