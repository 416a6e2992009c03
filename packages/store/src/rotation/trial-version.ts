import { type Random, uuid } from '@keyplane/core'

const prefix = 'keyplane-rotation-trial-'

/** The id of a version that is there only while a rotation is tried. */
export const trialVersion = (random: Random): string => prefix + uuid(random)

/** One that a store left behind which died meanwhile is in nobody's way. */
export const isTrialVersion = (versionId: string): boolean => versionId.startsWith(prefix)
