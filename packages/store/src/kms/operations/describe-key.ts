import type { NamedOperation } from '../../operation.ts'
import { listOf, type Shape, text } from '../../parsing/member.ts'
import { keyMetadata } from '../key-metadata.ts'
import { keyOperation } from '../key-operation.ts'
import * as members from '../members.ts'

interface DescribeKeyRequest {
  readonly KeyId: string
  readonly GrantTokens?: readonly string[]
}

const shape: Shape<DescribeKeyRequest> = { KeyId: members.keyId, GrantTokens: listOf(text({ max: 8192 }), { max: 10 }) }

/** Tells what a key is. */
export const describeKey: NamedOperation = keyOperation({
  name: 'DescribeKey',
  shape,
  keyId: ({ KeyId }) => KeyId,
  acrossAccounts: true,
  byAlias: true,
  run: async (_context, _input, key) => ({ KeyMetadata: keyMetadata(key) }),
})
