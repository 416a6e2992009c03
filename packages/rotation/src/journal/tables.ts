/** A secret's rotation and the lease on it, in one row, so that one statement is guarded by both. */
export interface RotationRow {
  readonly secret_id: string
  readonly fence: number
  /** Empty: nobody. */
  readonly holder: string
  readonly expires_at_ms: number
  /** 0: none was ever begun. */
  readonly revision: number
  /** 2: a step is still to be done; 1: an alert to be handed over. */
  readonly is_open: number
  readonly due_at_ms: number
  readonly record: string | null
}

export interface RotationTables {
  readonly rotations: RotationRow
}
