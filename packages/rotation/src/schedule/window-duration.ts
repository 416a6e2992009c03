import { SecretsError } from '@keyplane/core'

/** A window's length as AWS writes it: `3h`, up to `999h`. @throws SecretsError `config_invalid` */
export const windowDurationMs = (text: string): number => {
  const [, hours] = /^([1-9]\d{0,2})h$/.exec(text) ?? []
  if (hours === undefined)
    throw new SecretsError('config_invalid', `The window ${JSON.stringify(text)} is none; give hours, as 3h.`)
  return Number(hours) * 3_600_000
}
