import { type Random, type SecretProvider, TextValue } from '@keyplane/core'

/** Secrets that a new plane begins with, so that there is something to read. Their values are made on the spot. */
const examples: Readonly<Record<string, (random: Random) => string>> = {
  'demo/dev/api-key': (random) => hex(random, 16),
  'demo/dev/database': (random) => database('app_dev', random),
  'demo/prod/api-key': (random) => hex(random, 16),
  'demo/prod/database': (random) => database('app', random),
}

const hex = (random: Random, bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex')

const database = (username: string, random: Random): string =>
  JSON.stringify({ engine: 'postgres', host: 'localhost', port: 5432, username, password: hex(random, 12) })

/** Writes them through the store's own API, as any client would. */
export const writeExampleSecrets = async (store: SecretProvider, random: Random): Promise<void> => {
  for (const [id, make] of Object.entries(examples))
    await store.write?.put({ id }, new TextValue(make(random)), { idempotencyKey: hex(random, 16), ifVersion: null })
}
