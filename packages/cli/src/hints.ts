import type { SecretsError } from '@keyplane/core'

/** What to do about a failure, where something can be done; the error itself has said what it is. */
export const hintFor = ({ code, source, reason }: SecretsError): string | undefined => {
  // A database or a port that is not to be had names no source.
  if (code === 'unavailable' && source !== undefined) return 'Is the plane running? Start it with: keyplane dev'
  if (code === 'secret_not_found') return 'See what there is: keyplane list'
  if (code === 'unauthenticated') return 'The keys do not fit this store: see keyplane doctor'
  if (reason === 'no_root_key' || reason === 'wrong_root_key')
    return 'Put the one that belongs to this folder back from your backup: without it no secret can be read.'
  if (reason === 'port_taken') return 'See what runs here: keyplane doctor'
  return undefined
}
