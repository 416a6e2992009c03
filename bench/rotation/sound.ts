import type { FileVersions } from '../../test/real/rotation/file-versions.ts'
import { accepts } from '../../test/real/rotation/stored-logins.ts'

/** Whether exactly one version is current, and it is that one, is accepted by the target, and none is pending beside it. */
export const isSound = async (versions: FileVersions, expected: string): Promise<boolean> => {
  const stored = versions.stored()
  const [current, ...others] = stored.filter(({ stage }) => stage === 'current')
  if (current?.versionId !== expected || others.length > 0) return false
  return !stored.some(({ stage }) => stage === 'pending') && (await accepts(current.value))
}
