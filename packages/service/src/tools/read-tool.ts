import { type Clock, SecretsError, toSecretsError } from '@keyplane/core'
import type { ToolConfiguration } from '@keyplane/protocol'
import type { SecretConfig } from '../config/service-config.ts'
import type { OpenEnvironment } from '../environments/open-environment.ts'
import { atMost } from './at-most.ts'
import { type SecretRead, secretReads } from './secret-reads.ts'
import { type AskedSecret, toolConfiguration } from './tool-configuration.ts'

export interface ReadOptions {
  readonly clock: Clock
  readonly signal?: (() => AbortSignal) | undefined
  /** Ask the sources, whatever is cached. Default: no. */
  readonly fresh?: boolean | undefined
  /** Which of its secrets to read. Default: all. */
  readonly only?: ((name: string, secret: SecretConfig) => boolean) | undefined
  /** Told how the read of each secret went. */
  readonly onRead?: ((read: SecretRead) => void) | undefined
}

/** Of one tool: a configuration with hundreds of secrets does not overrun its source. */
const readsAtOnce = 16

/**
 * A tool's configuration as its environment's sources give it. A secret that fails fails alone.
 * @throws SecretsError `secret_not_found` where the environment has no such tool; the signal's reason.
 */
export const readTool = async (
  environment: OpenEnvironment,
  tool: string,
  { clock, signal, fresh = false, only = () => true, onRead }: ReadOptions,
): Promise<ToolConfiguration> => {
  const { config, sourceNames } = environment
  const known = config.tools.get(tool)
  if (!known) throw new SecretsError('secret_not_found', `There is no tool ${JSON.stringify(tool)} in ${config.name}.`)
  const wanted = [...known.secrets].filter(([name, secret]) => only(name, secret))
  const asked = await atMost(readsAtOnce, wanted, async ([name, secret]) => ({
    name,
    jsonKey: secret.jsonKey,
    ...(await readSecret(environment, secret, { clock, signal, fresh })),
  }))
  const ownSource = sourceNames[0] ?? ''
  const configuration = toolConfiguration({
    tool,
    environment: config.name,
    settings: known.settings,
    asked,
    ownSource,
    nowMs: clock.monotonicMs(),
  })
  if (onRead) for (const read of secretReads(asked, configuration, { ownSource, fresh })) onRead(read)
  return configuration
}

const readSecret = async (
  { config, secrets }: OpenEnvironment,
  { ref: id, maxStaleMs = config.maxStaleMs }: SecretConfig,
  { clock, signal: abandoned, fresh = false }: Pick<ReadOptions, 'clock' | 'signal' | 'fresh'>,
): Promise<Pick<AskedSecret, 'outcome' | 'cached'>> => {
  // What is fresh is young enough for everybody.
  const cached = fresh ? undefined : secrets.peek({ id })
  if (cached) return { cached: true, outcome: { ok: true, value: cached } }
  const signal = abandoned?.()
  signal?.throwIfAborted()
  const askedAtMs = clock.nowMs()
  const freshness = { maxStaleMs, ...(fresh && { maxAgeMs: 0 }) }
  try {
    const value = await secrets.read({ id }, { required: true, freshness, ...(signal && { signal }) })
    // A credential with a lease is in no cache, and yet is mostly one that was made before.
    const { lease, createdAtMs = askedAtMs } = value.version
    return { cached: lease !== undefined && createdAtMs < askedAtMs, outcome: { ok: true, value } }
  } catch (thrown) {
    signal?.throwIfAborted()
    return { cached: false, outcome: { ok: false, error: toSecretsError(thrown) } }
  }
}
