import { partitionOf } from '@keyplane/aws'

/** A key as a text names it. */
export type NamedKey =
  | { readonly account: string; readonly region: string; readonly keyId: string }
  | { readonly account: string; readonly region: string; readonly alias: string }

const arnPattern = /^arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):(?:key\/([\w-]{1,64})|(alias\/[\w/-]{1,250}))$/
const idPattern = /^[\w-]{1,64}$/
const aliasPattern = /^alias\/[\w/-]{1,250}$/

/** Reads a key's id, ARN, alias or alias ARN; `undefined` for what has none of these forms. */
export const parseKeyId = (
  given: string,
  { account, region }: { readonly account: string; readonly region: string },
): NamedKey | undefined => {
  if (aliasPattern.test(given)) return { account, region, alias: given }
  if (idPattern.test(given)) return { account, region, keyId: given }
  const [, partition, itsRegion = '', itsAccount = '', keyId, alias] = arnPattern.exec(given) ?? []
  if (partition === undefined || partition !== partitionOf(itsRegion).name) return undefined
  const place = { account: itsAccount, region: itsRegion }
  return keyId === undefined ? { ...place, alias: alias ?? '' } : { ...place, keyId }
}
