import type { SecretsError } from '@keyplane/core'

/** What to do about a failure, where something can be done; the error itself has said what it is. */
export const hintFor = ({ code, reason }: SecretsError): string | undefined => {
  if (code === 'unavailable') return 'Is the plane running? Start it with: keyplane dev'
  if (code === 'secret_not_found') return 'See what there is: keyplane list'
  if (code === 'unauthenticated') return 'The keys do not fit this store: see keyplane doctor'
  if (reason === 'port_taken') return 'See what runs here: keyplane doctor'
  return undefined
}
