import type { NamedOperation } from '../../operation.ts'
import { awsError } from '../../aws-errors.ts'
import { integer, required } from '../../parsing/member.ts'
import { changeKey, keyOperation, requireNotPending } from '../key-operation.ts'
import { requireKeyTags, maxKeyTags } from '../key-tags.ts'
import * as members from '../members.ts'

interface TagKeyRequest {
  readonly KeyId: string
  readonly Tags: readonly members.KmsTag[]
}

export const tagKey: NamedOperation = keyOperation({
  name: 'TagResource',
  shape: { KeyId: members.keyId, Tags: required(members.tags) },
  keyId: ({ KeyId }: TagKeyRequest) => KeyId,
  conditions: ({ Tags }) => ({
    'aws:TagKeys': Tags.map(({ TagKey }) => TagKey),
    ...Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, TagValue])),
  }),
  run: async (context, { Tags }, key) => {
    const { table } = context.kmsKeys
    requireNotPending(key)
    requireKeyTags(Tags, await table.tags(key.key_id))
    const set = Tags.map(({ TagKey, TagValue: value }) => table.setTag({ key_id: key.key_id, key: TagKey, value }))
    await changeKey(context, [...set, table.requireFewTags(key.key_id, maxKeyTags)], key)
    return {}
  },
})

interface UntagKeyRequest {
  readonly KeyId: string
  readonly TagKeys: readonly string[]
}

export const untagKey: NamedOperation = keyOperation({
  name: 'UntagResource',
  shape: { KeyId: members.keyId, TagKeys: required(members.tagKeys) },
  keyId: ({ KeyId }: UntagKeyRequest) => KeyId,
  conditions: ({ TagKeys }) => ({ 'aws:TagKeys': TagKeys }),
  run: async (context, { TagKeys }, key) => {
    requireNotPending(key)
    await changeKey(
      context,
      TagKeys.map((tag) => context.kmsKeys.table.removeTag(key.key_id, tag)),
      key,
    )
    return {}
  },
})

interface ListResourceTagsRequest {
  readonly KeyId: string
  readonly Limit?: number
  readonly Marker?: string
}

/** A key's tags in the order of their keys. */
export const listResourceTags: NamedOperation = keyOperation({
  name: 'ListResourceTags',
  // AWS: at most 50 at once.
  shape: { KeyId: members.keyId, Limit: integer({ min: 1, max: 50 }), Marker: members.marker },
  keyId: ({ KeyId }: ListResourceTagsRequest) => KeyId,
  run: async ({ kmsKeys }, { Limit = 50, Marker }, key) => {
    const all = await kmsKeys.table.tags(key.key_id)
    const from = Marker === undefined ? 0 : all.findIndex((tag) => tag.key === Marker) + 1
    if (Marker !== undefined && from === 0) throw awsError('InvalidMarkerException', 'The marker is invalid.')
    const page = all.slice(from, from + Limit)
    const last = page.at(-1)
    const truncated = all.length > from + page.length
    return {
      Tags: page.map(({ key: TagKey, value: TagValue }) => ({ TagKey, TagValue })),
      Truncated: truncated,
      ...(truncated && last && { NextMarker: last.key }),
    }
  },
})
