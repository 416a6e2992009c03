import { SecretsError } from '@keyplane/core'
import type { Address } from './address.ts'

/** @throws SecretsError `source_misconfigured` (`other_target`) where two logins do not lead to one server. */
export const requireSameServer = (a: Address, b: Address): void => {
  if (a.host === b.host && a.port === b.port) return
  throw new SecretsError(
    'source_misconfigured',
    'The two logins lead to different servers; none is changed by the other.',
    { reason: 'other_target' },
  )
}
