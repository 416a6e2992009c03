import type { AlertKind } from '@keyplane/rotation'

/** What an alert says of a rotation, in words. */
export const alertTexts: Readonly<Record<AlertKind, string>> = {
  failing: 'a step fails again and again',
  changed_behind: 'the current credential was changed behind its back.',
  rolled_back: 'it was taken back; the credential is what it was.',
  not_retired: 'the old credential can’t be taken from the target.',
  unacknowledged: 'the old credential was retired while consumers had it.',
  kept_new: 'it could not be taken back; the new credential stays, which is accepted.',
  no_valid_credential: 'no stored credential is accepted; somebody has to look.',
}
