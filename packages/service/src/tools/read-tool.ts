import { type CallOptions, type Clock, type Outcome, type Reading, SecretsError, toSecretsError } from '@keyplane/core'
import type { ToolConfiguration } from '@keyplane/protocol'
import type { SecretConfig } from '../config/service-config.ts'
import type { OpenEnvironment } from '../environments/open-environment.ts'
import { atMost } from './at-most.ts'
import { toolConfiguration } from './tool-configuration.ts'

export interface ReadOptions {
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** Ask the sources, whatever is cached. Default: no. */
  readonly fresh?: boolean | undefined
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
  { clock, signal, fresh = false }: ReadOptions,
): Promise<ToolConfiguration> => {
  const { config, sourceNames } = environment
  const known = config.tools.get(tool)
  if (!known) throw new SecretsError('secret_not_found', `There is no tool ${JSON.stringify(tool)} in ${config.name}.`)
  const asked = await atMost(readsAtOnce, [...known.secrets], async ([name, secret]) => ({
    name,
    jsonKey: secret.jsonKey,
    outcome: await readSecret(environment, secret, { ...(signal && { signal }), fresh }),
  }))
  return toolConfiguration({
    tool,
    environment: config.name,
    settings: known.settings,
    asked,
    ownSource: sourceNames[0] ?? '',
    nowMs: clock.monotonicMs(),
  })
}

const readSecret = async (
  { config, secrets }: OpenEnvironment,
  { ref: id, maxStaleMs = config.maxStaleMs }: SecretConfig,
  { signal, fresh }: Pick<CallOptions, 'signal'> & { readonly fresh: boolean },
): Promise<Outcome<Reading>> => {
  signal?.throwIfAborted()
  // What is fresh is young enough for everybody.
  const cached = fresh ? undefined : secrets.peek({ id })
  if (cached) return { ok: true, value: cached }
  const freshness = { maxStaleMs, ...(fresh && { maxAgeMs: 0 }) }
  try {
    return { ok: true, value: await secrets.read({ id }, { required: true, freshness, ...(signal && { signal }) }) }
  } catch (thrown) {
    signal?.throwIfAborted()
    return { ok: false, error: toSecretsError(thrown) }
  }
}
