/** A program that uses secrets: a process with the library, or an agent with everything that it serves. */
export interface Consumer {
  /** Another one's is another; the same for as long as it runs. */
  readonly id: string
  /** By which a person knows it. */
  readonly name: string
}

/** How one version of a secret fared with a consumer. */
export interface Receipt {
  /** As its source names it, like the version. */
  readonly secretId: string
  readonly versionId: string
  /** Whether it is the one of this secret that the consumer used last. */
  readonly used: boolean
  /** How often the secret's target has refused it, since the consumer began: a heartbeat may come twice. */
  readonly refusals: number
}

/** A consumer's sign of life, with the receipts that are news since the last one that was taken. */
export interface Heartbeat {
  readonly consumer: Consumer
  /** The next one comes within that time; after three that are missed the consumer counts as gone. */
  readonly everyMs: number
  readonly receipts: readonly Receipt[]
  /** The consumer ends; nothing of it is waited for. What it was refused stays known. */
  readonly ends?: true
}

/** Takes a heartbeat to who waits for it. Where it throws, its receipts are sent again with the next one. */
export type SendHeartbeat = (heartbeat: Heartbeat) => Promise<void> | void
