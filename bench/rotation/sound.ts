import type { FileVersions } from '../../test/real/rotation/file-versions.ts'
import { accepts } from '../../test/real/rotation/stored-logins.ts'

/** Whether the credential before is still accepted, of versions whose old one was retired. */
export const isLeft = async (versions: FileVersions): Promise<boolean> => {
  const previous = versions.stored().find(({ stage }) => stage === 'previous')
  return previous !== undefined && (await accepts(previous.value))
}

/** Whether exactly one version is current, and it is that one, is accepted by the target, and none is pending beside it. */
export const isSound = async (versions: FileVersions, expected: string): Promise<boolean> => {
  const stored = versions.stored()
  const [current, ...others] = stored.filter(({ stage }) => stage === 'current')
  if (current?.versionId !== expected || others.length > 0) return false
  return !stored.some(({ stage }) => stage === 'pending') && (await accepts(current.value))
}
