import { SecretsError } from '@keyplane/core'

export interface OptionalSdk {
  readonly name: string
  /** The major version that is tested, which the line that installs it asks for. */
  readonly major: number
  /** The oldest Node that it runs on, where that is newer than ours. */
  readonly node?: number
}

/** By Node's code, or by what Vite puts in the place of an optional package that is not there. */
const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  (('code' in thrown && /^(?:ERR_)?MODULE_NOT_FOUND$/.test(String(thrown.code))) ||
    /^Could not resolve .+ imported by /.test(thrown.message))

/**
 * A package that the user installs where this source is used, loaded when it is first needed.
 * @throws SecretsError `source_misconfigured`, reason `sdk_missing`, with the line that installs it; reason `sdk_broken`
 * where it is there and can't be loaded.
 */
export const loadSdk = async <T>({ name, major, node }: OptionalSdk, source: string): Promise<T> => {
  try {
    return (await import(name)) as T
  } catch (thrown) {
    const missing = isMissing(thrown)
    throw new SecretsError(
      'source_misconfigured',
      missing
        ? `${source} needs a package that is not installed: run \`npm install ${name}@${major}\`${node === undefined ? '' : `, which needs Node ${node}`}.`
        : `${source} needs ${name}, which is installed and can't be loaded.`,
      { source, reason: missing ? 'sdk_missing' : 'sdk_broken', cause: thrown },
    )
  }
}
