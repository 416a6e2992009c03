import type { NamedOperation } from '../../operation.ts'
import type { Shape } from '../../parsing/member.ts'
import { accountOperation } from '../account-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface ListKeysRequest {
  readonly Limit?: number
  readonly Marker?: string
}

export const listKeys: NamedOperation = accountOperation(
  'ListKeys',
  { Limit: members.limit, Marker: members.marker } satisfies Shape<ListKeysRequest>,
  async ({ kmsKeys, caller }, { Limit = 100, Marker = '' }: ListKeysRequest) => {
    const page = await kmsKeys.table.list(caller, { after: Marker, limit: Limit + 1 })
    const keys = page.slice(0, Limit)
    const last = keys.at(-1)
    return {
      Keys: keys.map((key) => ({ KeyId: key.key_id, KeyArn: keyArn(key) })),
      Truncated: page.length > Limit,
      ...(page.length > Limit && last && { NextMarker: last.key_id }),
    }
  },
)
