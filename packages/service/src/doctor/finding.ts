/** What was looked at, how it stands, and what to do about it. Names and codes, never a value. */
export interface Finding {
  readonly what: string
  readonly state: 'ok' | 'note' | 'problem'
  readonly mend?: string
}
