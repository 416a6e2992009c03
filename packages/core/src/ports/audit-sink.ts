/** Who did what to which secret, and how it was decided. Never a value. */
export interface AuditRecord {
  readonly atMs: number
  /** The caller, as the part that authenticated it names it (an ARN, a token's label). */
  readonly actor: string
  /** The operation by its owner's name: `secretsmanager:GetSecretValue`. */
  readonly action: string
  /** The secret asked for, by canonical id where it is known; empty where none is meant. */
  readonly resource: string
  readonly decision: 'allow' | 'deny' | 'error'
  readonly requestId: string
  /** Small facts: version, stage, hit or miss, the error's name. */
  readonly detail?: Readonly<Record<string, string>>
}

/** Where audit records go. A record that cannot be kept fails the call that it is about. */
export interface AuditSink {
  append(record: AuditRecord): Promise<void>
  close?(): Promise<void>
}
