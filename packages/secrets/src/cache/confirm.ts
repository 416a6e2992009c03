import { type CallOptions, SecretsError, type SecretVersion, type Stage, type StateReader } from '@keyplane/core'
import { onFailure } from './on-failure.ts'
import type { Entry } from './entry.ts'

/**
 * Asks the source whether an entry's version is still the one meant, without reading the value. Gives the version with
 * its labels as they are, or nothing where only the value itself can tell: another version, a deletion, a refusal.
 * @throws the source's error, where it failed in a passing way.
 */
export const confirm = async (
  state: StateReader,
  { ref, version }: Entry,
  call: CallOptions,
): Promise<SecretVersion | undefined> => {
  if (version?.version === undefined) return undefined
  // By canonical id: a name may have been given to another secret meanwhile.
  const asked = { id: version.id, ...(ref.as !== undefined && { as: ref.as }) }
  const [outcome] = await state.describe([asked], call)
  if (!outcome?.ok) {
    if (outcome && onFailure(outcome.error) === 'serve_stale') throw outcome.error
    return undefined
  }
  const { versions, deletedAtMs } = outcome.value
  if (deletedAtMs !== undefined) throw new SecretsError('secret_deleted', markedForDeletion)
  const wantedVersion = ref.version ?? version.version
  const stages = versions.get(wantedVersion)
  const wantedStage: Stage | undefined = ref.stage ?? (ref.version === undefined ? 'current' : undefined)
  const still = stages !== undefined && (wantedStage === undefined || stages.includes(wantedStage))
  return still ? relabelled(version, stages) : undefined
}

/** AWS's own words, which its clients look for. */
const markedForDeletion = "You can't perform this operation on the secret because it was marked for deletion."

/** The same object where nothing changed, so that whatever hangs on its identity stays. */
const relabelled = (version: SecretVersion, stages: readonly Stage[]): SecretVersion => {
  const before = version.stages ?? []
  const same = before.length === stages.length && stages.every((stage) => before.includes(stage))
  return same ? version : Object.freeze({ ...version, stages: Object.freeze([...stages]) })
}
