import { SecretsError } from '@keyplane/core'

/** What to do about a failure, where something can be done; the error itself has said what it is. */
export const hintFor = ({ code, source, reason, cause }: SecretsError): string | undefined => {
  if (source === 'service')
    return code === 'unauthenticated' && reason !== 'login' ? 'Log in: keyplane login' : undefined
  // A database or a port that is not to be had names no source.
  if (code === 'unavailable' && source !== undefined) return 'Is the plane running? Start it with: keyplane dev'
  if (code === 'secret_not_found') return 'See what there is: keyplane list'
  if (code === 'unauthenticated') return 'The keys do not fit this store: see keyplane doctor'
  if (reason === 'no_root_key' || reason === 'wrong_root_key')
    return 'Put the one that belongs to this folder back from your backup: without it no secret can be read.'
  if (reason === 'port_taken') return 'See what runs here: keyplane doctor'
  const underlying = cause instanceof SecretsError ? stepHints[cause.reason ?? ''] : undefined
  return [underlying, rotationHints[reason ?? '']].filter(Boolean).join(' ') || undefined
}

/** By the reason for which a step of a rotation fails. */
const stepHints: Readonly<Record<string, string>> = {
  refused_verifier:
    'Its rules for passwords take none that was hashed before it was sent: allow that there (credcheck.encrypted_password_allowed of PostgreSQL, strict_password_validation of MariaDB), or rotate by a function of your own.',
}

/** By the failure's reason. */
const rotationHints: Readonly<Record<string, string>> = {
  rotation_rolled_back: 'The credential is what it was. Mend what the target refused, and rotate again.',
  rotation_ended_early:
    'What its function did stays: the target may accept the pending credential alone. See which one it accepts, then rotate again.',
  rotation_failing:
    'The store goes on trying for a day, then takes it back; see: keyplane rotation status. Take it back sooner: keyplane rotation rollback',
  rollback_failing: 'The store goes on until it is taken back; see: keyplane rotation status',
  rotation_under_way: 'The store goes on; see: keyplane rotation status',
  rotation_of_another: 'If that is meant, say by what it is rotated once more: keyplane rotate … --by …',
  rotation_pending: 'See how far it is: keyplane rotation status. Take it back: keyplane rotation rollback',
  rotation_failed:
    'All versions are still there: write the credential that the target accepts with keyplane set, and rotate again.',
}
