import { type ConfigTexts, parseServiceConfig, readConfigTexts } from './config.ts'
import type { ServiceConfig } from './config/service-config.ts'
import { followFiles, type FollowParts } from './follow-files.ts'

/**
 * Follows the configuration in a file and in those laid over it. Clients and roles can be changed while the service runs:
 * `useAccess`. Texts that stay as they are, are not parsed again.
 * @param first - What was started with: what is another by now is told of at the first look.
 * @returns what ends it.
 */
export const followConfig = (
  path: string,
  first: ConfigTexts,
  { clock, use, warn }: FollowParts<ServiceConfig>,
): (() => void) =>
  followFiles(() => readConfigTexts(path), first, {
    clock,
    use: (texts) => use(parseServiceConfig(...texts)),
    warn: (why) => warn(`The configuration that was there before goes on to hold.\n${why}`),
  })
