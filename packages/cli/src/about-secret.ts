import { SecretsError } from '@keyplane/core'

/** Throws the same failure with the name of the secret that it is about: a backend's own words leave it out. */
export const aboutSecret =
  (name: string) =>
  (thrown: unknown): never => {
    if (!(thrown instanceof SecretsError)) throw thrown
    const { code, source, reason, message } = thrown
    throw new SecretsError(code, `${JSON.stringify(name)}: ${message}`, {
      cause: thrown,
      ...(source && { source }),
      ...(reason && { reason }),
    })
  }
