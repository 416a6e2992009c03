import { parseServiceConfig, readConfigTexts } from './config.ts'
import type { ServiceConfig } from './config/service-config.ts'
import { followFiles, type FollowParts } from './follow-files.ts'

/**
 * Follows the configuration in a file and in those laid over it, from what they say now. Clients and roles can be changed
 * while the service runs: `useAccess`. Texts that stay as they are, are not parsed again.
 * @returns what ends it.
 */
export const followConfig = (path: string, { clock, use, warn }: FollowParts<ServiceConfig>): (() => void) => {
  const read = (): ReturnType<typeof readConfigTexts> => readConfigTexts(path)
  return followFiles(read, ifReadable(read), {
    clock,
    use: (texts) => use(parseServiceConfig(...texts)),
    warn: (why) => warn(`The configuration that was there before goes on to hold.\n${why}`),
  })
}

const ifReadable = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}
