import type { SecretState, Stage } from '@keyplane/core'
import type { KvMetadata } from '@keyplane/openbao'

/** A version as OpenBao counts them, from 1; nothing for a text that can be none. */
export const versionNumber = (version: string): number | undefined =>
  /^[1-9]\d{0,14}$/.test(version) ? Number(version) : undefined

const isReadable = ({ versions }: KvMetadata, version: number): boolean => {
  const state = versions.get(version)
  return state !== undefined && !state.destroyed && state.deletedAtMs === undefined
}

/** OpenBao knows no stages: the current version, and the one numbered before it. */
export const versionAtStage = (metadata: KvMetadata, stage: Stage): number | undefined => {
  const { currentVersion } = metadata
  if (stage === 'current') return metadata.versions.has(currentVersion) ? currentVersion : undefined
  return stage === 'previous' && isReadable(metadata, currentVersion - 1) ? currentVersion - 1 : undefined
}

const stagesOf = (version: number, currentVersion: number): readonly Stage[] => {
  if (version === currentVersion) return ['current']
  return version === currentVersion - 1 ? ['previous'] : []
}

/** How a secret stands; versions that can't be read are left out. A secret is deleted where its current version is. */
export const stateOfMetadata = (id: string, metadata: KvMetadata): SecretState => {
  const { currentVersion, updatedAtMs, versions } = metadata
  const readable = [...versions.keys()].filter((version) => isReadable(metadata, version))
  const current = versions.get(currentVersion)
  const isGone = currentVersion > 0 && !isReadable(metadata, currentVersion)
  return {
    id,
    versions: new Map(readable.map((version) => [String(version), stagesOf(version, currentVersion)])),
    changedAtMs: updatedAtMs,
    ...(isGone ? { deletedAtMs: current?.deletedAtMs ?? updatedAtMs } : {}),
  }
}
