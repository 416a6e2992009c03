/** When a secret is rotated. */
export interface RotationRules {
  /** 1–1000. */
  readonly AutomaticallyAfterDays?: number
  /** The length of the window: `[0-9]+h`, 2–3 characters. */
  readonly Duration?: string
  /** `rate(…)` or `cron(…)`, 1–256 characters. */
  readonly ScheduleExpression?: string
}

export interface ExternalSecretRotationMetadataItem {
  /** 1–256 characters. */
  readonly Key?: string
  /** 1–2048 characters. */
  readonly Value?: string
}
