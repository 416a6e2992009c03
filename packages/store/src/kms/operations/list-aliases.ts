import type { NamedOperation } from '../../operation.ts'
import type { Shape } from '../../parsing/member.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import { accountOperation } from '../account-operation.ts'
import { requireNoAlias, requireOwnKey } from '../key-operation.ts'
import { aliasArn, defaultKeyAlias } from '../kms-keys.ts'
import * as members from '../members.ts'

interface ListAliasesRequest {
  readonly KeyId?: string
  readonly Limit?: number
  readonly Marker?: string
}

/** The caller's aliases in the order of their names; the store's own first. */
export const listAliases: NamedOperation = accountOperation(
  'ListAliases',
  { KeyId: members.optionalKeyId, Limit: members.limit, Marker: members.marker } satisfies Shape<ListAliasesRequest>,
  async (context, { KeyId, Limit = 50, Marker }: ListAliasesRequest) => {
    const { kmsKeys, caller } = context
    if (KeyId !== undefined) requireNoAlias(KeyId)
    const only = KeyId === undefined ? undefined : (await requireOwnKey(context, KeyId, 'ListAliases')).key.key_id
    const managed =
      Marker === undefined ? await kmsKeys.table.byAlias(caller.account, caller.region, defaultKeyAlias) : undefined
    const room = managed ? Limit - 1 : Limit
    // Behind the store's own alias come all others.
    const after = Marker === undefined || Marker === defaultKeyAlias ? '' : Marker
    const page = await kmsKeys.table.listAliases(caller, { after, limit: room + 1 })
    const own = page.slice(0, room)
    const entry = (name: string, keyId: string, created: number, updated: number) => ({
      AliasName: name,
      AliasArn: aliasArn(name, caller),
      TargetKeyId: keyId,
      CreationDate: epochSeconds(created),
      LastUpdatedDate: epochSeconds(updated),
    })
    const all = [
      ...(managed ? [entry(defaultKeyAlias, managed.key_id, managed.created_at_ms, managed.created_at_ms)] : []),
      ...own.map((row) => entry(row.name, row.key_id, row.created_at_ms, row.updated_at_ms)),
    ]
    const last = all.at(-1)
    const truncated = page.length > room
    return {
      Aliases: only === undefined ? all : all.filter(({ TargetKeyId }) => TargetKeyId === only),
      Truncated: truncated,
      ...(truncated && last && { NextMarker: last.AliasName }),
    }
  },
)
