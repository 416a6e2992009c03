/**
 * The rules that every provider obeys, run on one of your own: `describeProvider` brings them, `node:test` or vitest runs
 * them. What a source has not got is skipped, with the reason. In a project of yours this is a test file.
 */
import { describe, it } from 'node:test'
import { type SecretProvider, SecretsError, type SecretVersion, TextValue } from '@keyplane/secrets'
import { describeProvider } from '@keyplane/testkit'

/** A source that keeps texts in a map. */
const mapProvider = (texts: ReadonlyMap<string, string>): SecretProvider => {
  const fail = (code: 'secret_not_found' | 'version_not_found' | 'unsupported', message: string): never => {
    throw new SecretsError(code, message, { source: 'map' })
  }
  return {
    name: 'map',
    get: async ({ id, version, as }, call): Promise<SecretVersion> => {
      call?.signal?.throwIfAborted()
      if (as !== undefined) fail('unsupported', 'A map knows no identities.')
      const text = texts.get(id) ?? fail('secret_not_found', `There is no secret ${JSON.stringify(id)}.`)
      if (version !== undefined) fail('version_not_found', 'A map has no versions.')
      return Object.freeze({ id, name: id, value: new TextValue(text) })
    },
  }
}

describeProvider(
  'map',
  async (seed) => ({
    provider: mapProvider(new Map(seed.map(({ name, value }) => [name, String(value.reveal())]))),
  }),
  { describe, it },
  { bytes: 'a map of texts', silence: 'it is in this process', babble: 'it is in this process' },
)

// prints, among other lines:
// tells an unknown secret by secret_not_found
// pass 14
// fail 0
