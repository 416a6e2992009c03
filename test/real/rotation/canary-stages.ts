import { versionForConsumer } from '@keyplane/rotation'
import type { FileVersions } from './file-versions.ts'
import type { JournalFile } from './journal-file.ts'
import type { StoredStages } from './stored-logins.ts'

export interface CanaryStagesParts {
  readonly secretId: string
  readonly versions: FileVersions
  readonly file: JournalFile
}

/** What a consumer is given at each stage: one that tries new versions first, where all do. */
export const canaryStages = ({ secretId, versions, file }: CanaryStagesParts): StoredStages => {
  const versionFor = versionForConsumer(file)
  return {
    stored: async () => {
      const versionId = await versionFor(secretId, 'reader')
      const value = versionId !== undefined && (await versions.read(secretId, versionId))
      const stored = versions.stored()
      if (!value) return stored
      return [{ stage: 'current', versionId, value }, ...stored.filter(({ stage }) => stage !== 'current')]
    },
  }
}
