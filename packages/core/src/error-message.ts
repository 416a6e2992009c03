import { type ErrorCode, SecretsError } from './errors.ts'

/** An error as it crosses threads, where classes are lost. */
export interface ErrorMessage {
  readonly code: ErrorCode
  readonly message: string
  readonly reason?: string
}

/** What of an error may cross: its cause stays where it was met. */
export const errorMessage = ({ code, message, reason }: SecretsError): ErrorMessage => ({
  code,
  message,
  ...(reason !== undefined && { reason }),
})

export const errorOf = ({ code, message, reason }: ErrorMessage): SecretsError =>
  new SecretsError(code, message, reason === undefined ? {} : { reason })
