import type { Identity } from './identity.ts'

/** The root user of an account. */
export const rootIdentity = (account: string): Identity => {
  const arn = `arn:aws:iam::${account}:root`
  return { principal: { kind: 'root', arn, account }, arn, account, userId: account, policies: [], tags: new Map() }
}
