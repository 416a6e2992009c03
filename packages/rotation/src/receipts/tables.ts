export interface ConsumerRow {
  readonly id: string
  readonly name: string
  readonly lives_until_ms: number
}

/** One consumer, one secret, one version. */
export interface ReceiptRow {
  readonly secret_id: string
  readonly consumer_id: string
  readonly version_id: string
  /** 0: never. */
  readonly used_at_ms: number
  readonly refusals: number
  readonly noted_at_ms: number
}

export interface ReceiptTables {
  readonly rotation_consumers: ConsumerRow
  readonly rotation_receipts: ReceiptRow
}
