import type { NamedOperation } from '../../operation.ts'
import { required } from '../../parsing/member.ts'
import { changeKey, keyOperation } from '../key-operation.ts'
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
    const set = Tags.map(({ TagKey, TagValue: value }) =>
      context.kmsKeys.table.setTag({ key_id: key.key_id, key: TagKey, value }),
    )
    await changeKey(context, set, key)
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

export const listResourceTags: NamedOperation = keyOperation({
  name: 'ListResourceTags',
  shape: { KeyId: members.keyId, Limit: members.limit, Marker: members.marker },
  keyId: ({ KeyId }: ListResourceTagsRequest) => KeyId,
  run: async ({ kmsKeys }, _input, key) => ({
    Tags: (await kmsKeys.table.tags(key.key_id)).map(({ key: TagKey, value: TagValue }) => ({ TagKey, TagValue })),
    Truncated: false,
  }),
})
