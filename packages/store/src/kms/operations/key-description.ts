import type { NamedOperation } from '../../operation.ts'
import { required } from '../../parsing/member.ts'
import { changeKey, keyOperation, requireNotPending } from '../key-operation.ts'
import * as members from '../members.ts'

export const updateKeyDescription: NamedOperation = keyOperation({
  name: 'UpdateKeyDescription',
  shape: { KeyId: members.keyId, Description: required(members.description) },
  keyId: ({ KeyId }: { readonly KeyId: string; readonly Description: string }) => KeyId,
  run: async (context, { Description }, key) => {
    requireNotPending(key)
    await changeKey(context, [context.kmsKeys.table.update(key, { description: Description })], key)
    return {}
  },
})
