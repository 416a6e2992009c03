export interface Tag {
  /** 1–128 characters. */
  readonly Key?: string
  /** 0–256 characters. */
  readonly Value?: string
}
