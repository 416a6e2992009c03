import type { Conditions } from '../access/caller-conditions.ts'

/** What is authenticated with a ciphertext and not in it; not secret. */
export type EncryptionContext = Readonly<Record<string, string>>

/** The one text of a context, whatever the order of its pairs. */
export const contextText = (context: EncryptionContext): string =>
  JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)))

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
export const contextConditions = (context: EncryptionContext): Conditions => ({
  'kms:EncryptionContextKeys': Object.keys(context),
  ...Object.fromEntries(Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value])),
})
