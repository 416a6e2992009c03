import { type Freshness, type SecretRef, SecretsError, type SecretVersion } from '@keyplane/core'
import type { ConfiguredSecret, ToolConfiguration } from '@keyplane/protocol'
import { memberError } from './service-errors.ts'

export interface Moment {
  readonly nowMs: number
  readonly freshness: Freshness | undefined
}

const source = 'service'

const versionOf = (id: string, name: string, secret: ConfiguredSecret, nowMs: number): SecretVersion => {
  const { versionId, source: origin, ageMs, expiresAtMs, value } = secret
  const leaseId = versionId === undefined ? id : `${id}@${versionId}`
  return Object.freeze({
    id,
    name,
    ...(versionId === undefined ? {} : { version: versionId }),
    stages: Object.freeze(['current'] as const),
    value,
    confirmedAtMs: nowMs - ageMs,
    ...(expiresAtMs === undefined ? {} : { lease: Object.freeze({ id: leaseId, renewable: false, expiresAtMs }) }),
    ...(origin === undefined ? {} : { attributes: Object.freeze({ 'service.source': origin }) }),
  })
}

/**
 * The version that a configuration has of one of its tool's secrets.
 * @throws SecretsError the member's own failure; `secret_not_found`, `version_not_found`; `unavailable`, reason `stale`, for
 * an old value where only a fresh one is wanted.
 */
export const versionOfMember = (
  { environment, tool, secrets, errors }: ToolConfiguration,
  name: string,
  { id, version, stage }: SecretRef,
  { nowMs, freshness }: Moment,
): SecretVersion => {
  const found = secrets.get(name)
  const failure = errors.find(({ secret }) => secret === name)
  if (!found && failure) throw memberError(id, failure.code)
  if (!found) throw new SecretsError('secret_not_found', `The service has no secret ${JSON.stringify(id)}.`, { source })
  if ((version !== undefined && version !== found.versionId) || (stage !== undefined && stage !== 'current'))
    throw new SecretsError('version_not_found', `${JSON.stringify(id)}: the service gives the current version only.`, {
      source,
    })
  if (found.stale && freshness?.maxStaleMs === 0)
    throw new SecretsError('unavailable', `The service has an old value of ${JSON.stringify(id)} only.`, {
      source,
      reason: 'stale',
    })
  return versionOf(`${environment}/${tool}/${name}`, id, found, nowMs)
}
