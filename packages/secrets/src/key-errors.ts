import { SecretsError } from '@keyplane/core'

/** @throws SecretsError `invalid_request` for what is no key: programs without types give other things. */
export const assertKey = (key: unknown): void => {
  if (typeof key === 'string' && key !== '') return
  throw new SecretsError(
    'invalid_request',
    `A secret’s key is ${key === '' ? 'empty' : `a ${typeof key}, not a text`}.`,
  )
}

/** A key that was asked for without waiting, and never read before. */
export const notLoaded = (key: string): SecretsError =>
  new SecretsError(
    'invalid_request',
    `The secret ${JSON.stringify(key)} was not read yet: await preload([${JSON.stringify(key)}]) at the start.`,
  )
