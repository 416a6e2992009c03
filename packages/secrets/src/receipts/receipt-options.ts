import {
  type Consumer,
  type Duration,
  durationMs,
  type Random,
  SecretsError,
  type SendHeartbeat,
  uuid,
} from '@keyplane/core'

/** Who is told, unasked, which versions of which secrets this program uses. */
export interface ReceiptOptions {
  /** Called with one heartbeat after the other, never with two at once: it is to end within a time of its own. */
  readonly send: SendHeartbeat
  /** By which a person knows this program. */
  readonly name: string
  /** One that stays through a restart keeps its place in a canary. Default: a new UUID. */
  readonly id?: string
  /** Between two heartbeats; 1 s to 1 h. Default 10 s. */
  readonly every?: Duration
}

export interface ReceiptSettings {
  readonly send: SendHeartbeat
  readonly consumer: Consumer
  readonly everyMs: number
}

/** @throws SecretsError `config_invalid` */
export const receiptSettings = ({ send, name, id, every = '10s' }: ReceiptOptions, random: Random): ReceiptSettings => {
  const everyMs = durationMs(every, 'receipts.every')
  if (everyMs < 1_000 || everyMs > 3_600_000) throw invalid(`receipts.every: ${every} is not from 1 s to 1 h.`)
  if (typeof name !== 'string' || name === '' || id === '')
    throw invalid('receipts: a name, and an id if any, have to say something.')
  return { send, consumer: { id: id ?? uuid(random), name }, everyMs }
}

const invalid = (message: string): SecretsError => new SecretsError('config_invalid', message)
