import type { Consumer, Heartbeat } from '@keyplane/core'

/** What is known of one consumer and one version of a secret. */
export interface ConsumerReceipt {
  readonly consumer: Consumer
  readonly versionId: string
  /** When it last said that this is the version that it used last; 0: never. */
  readonly usedAtMs: number
  /** How often the target has refused it the version; kept through its end, and where it begins anew. */
  readonly refusals: number
  /** Three heartbeats after the last one; the moment at which it has ended. */
  readonly livesUntilMs: number
}

/** Who uses which version of which secret, as the consumers say without being asked. */
export interface Receipts {
  /** Takes a heartbeat. One that comes twice changes nothing the second time. */
  receive(heartbeat: Heartbeat): Promise<void>
  /** Everything that is known of a secret, of consumers too that were not heard of for long. */
  of(secretId: string): Promise<readonly ConsumerReceipt[]>
}
