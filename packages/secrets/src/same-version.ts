import { type SecretVersion, sameValue } from '@keyplane/core'

/** Whether two are the same version with the same value; of sources that name no versions the value decides. */
export const sameVersion = (a: SecretVersion, b: SecretVersion): boolean =>
  a === b || (a.version === b.version && sameValue(a.value, b.value))
