import { type Outcome, type Reading, SecretsError, type SecretValue, TextValue, toSecretsError } from '@keyplane/core'
import type { ConfigurationStatus, ConfiguredSecret, ToolConfiguration } from '@keyplane/protocol'
import { fieldText, isAbsence } from '@keyplane/secrets'

/** A secret that a tool needs, and what came of asking for it. */
export interface AskedSecret {
  readonly name: string
  /** The one field of a JSON document that is wanted. */
  readonly jsonKey?: string | undefined
  readonly outcome: Outcome<Reading>
  /** It was at hand: no source was asked. Default: no. */
  readonly cached?: boolean
}

export interface ConfigurationFacts {
  readonly tool: string
  readonly environment: string
  readonly settings: ToolConfiguration['settings']
  readonly asked: readonly AskedSecret[]
  /** The environment's own source: what another one gave is from a fallback. */
  readonly ownSource: string
  /** On the scale of the readings: monotonic. */
  readonly nowMs: number
}

/**
 * The answer that the facts make, which nothing is left out of: each secret is there, `missing` where its source has none,
 * or in `errors` where that can't be said.
 */
export const toolConfiguration = (facts: ConfigurationFacts): ToolConfiguration => {
  const { tool, environment, settings, asked, ownSource, nowMs } = facts
  const secrets = new Map<string, ConfiguredSecret>()
  const missing: string[] = []
  const errors: ToolConfiguration['errors'][number][] = []
  for (const secret of asked) {
    const configured = configuredSecret(secret, nowMs)
    if (configured.ok) secrets.set(secret.name, configured.value)
    else if (isAbsence(configured.error)) missing.push(secret.name)
    else errors.push({ secret: secret.name, code: configured.error.code })
  }
  const isWhole = secrets.size === asked.length
  const status = isWhole ? wholeStatus([...secrets.values()], ownSource) : 'incomplete'
  return Object.freeze({ tool, environment, status, settings, secrets, missing, errors })
}

const wholeStatus = (secrets: readonly ConfiguredSecret[], ownSource: string): ConfigurationStatus =>
  secrets.every(({ stale, source }) => !stale && source === ownSource) ? 'ok' : 'degraded'

const configuredSecret = ({ outcome, jsonKey }: AskedSecret, nowMs: number): Outcome<ConfiguredSecret> => {
  if (!outcome.ok) return outcome
  const { version, source, confirmedAtMs, freshUntilMs, failure } = outcome.value
  const sourceRequestId = version.attributes?.['openbao.requestId']
  try {
    const value = {
      value: wantedValue(outcome.value, jsonKey),
      ...(version.version !== undefined && { versionId: version.version }),
      source,
      ageMs: Math.max(0, Math.round(nowMs - confirmedAtMs)),
      stale: failure !== undefined && nowMs >= freshUntilMs,
      ...(version.lease && { expiresAtMs: version.lease.expiresAtMs }),
      ...(sourceRequestId !== undefined && { sourceRequestId }),
    }
    return { ok: true, value: Object.freeze(value) }
  } catch (thrown) {
    return { ok: false, error: toSecretsError(thrown) }
  }
}

/** What is wanted of a secret. @throws SecretsError `bad_response` where it has no such field. */
export const wantedValue = (
  { version, source }: Pick<Reading, 'version' | 'source'>,
  jsonKey: string | undefined,
): SecretValue => {
  if (jsonKey === undefined) return version.value
  const field = fieldText(version, jsonKey)
  if (field.ok) return new TextValue(field.value)
  throw new SecretsError('bad_response', `The secret ${JSON.stringify(version.id)} ${field.why}.`, { source })
}
