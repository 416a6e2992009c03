export interface GetRandomPasswordRequest {
  /** 1–4096; default 32. */
  readonly PasswordLength?: number
  /** Up to 4096 characters, none of which may be in the password. */
  readonly ExcludeCharacters?: string
  readonly ExcludeNumbers?: boolean
  readonly ExcludePunctuation?: boolean
  readonly ExcludeUppercase?: boolean
  readonly ExcludeLowercase?: boolean
  /** The space may be in the password; it never has to. */
  readonly IncludeSpace?: boolean
  /** At least one character of each class that is not excluded; default true. */
  readonly RequireEachIncludedType?: boolean
}

export interface GetRandomPasswordResponse {
  readonly RandomPassword?: string
}
