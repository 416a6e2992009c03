import type { Operation } from '../operation.ts'
import { accountOperation } from './account-operation.ts'
import { createAlias, deleteAlias, updateAlias } from './operations/aliases.ts'
import { createGrant } from './operations/create-grant.ts'
import { createKey, createKeyConditions, createKeyShape } from './operations/create-key.ts'
import { decrypt } from './operations/decrypt.ts'
import { describeKey } from './operations/describe-key.ts'
import { encrypt } from './operations/encrypt.ts'
import { generateDataKey, generateDataKeyWithoutPlaintext } from './operations/generate-data-key.ts'
import { listGrants, revokeGrant } from './operations/grants.ts'
import { updateKeyDescription } from './operations/key-description.ts'
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from './operations/key-policy.ts'
import { cancelKeyDeletion, disableKey, enableKey, scheduleKeyDeletion } from './operations/key-state.ts'
import { listAliases } from './operations/list-aliases.ts'
import { listKeys } from './operations/list-keys.ts'
import { reEncrypt } from './operations/re-encrypt.ts'
import { retireGrant } from './operations/retire-grant.ts'
import { listResourceTags, tagKey, untagKey } from './operations/tags.ts'

/** The operations of KMS, by name. */
export const kmsOperations: ReadonlyMap<string, Operation> = new Map([
  accountOperation('CreateKey', createKeyShape, createKey, createKeyConditions, ({ Tags = [] }) =>
    Tags.length > 0 ? ['TagResource'] : [],
  ),
  describeKey,
  listKeys,
  createAlias,
  updateAlias,
  deleteAlias,
  listAliases,
  encrypt,
  decrypt,
  reEncrypt,
  generateDataKey,
  generateDataKeyWithoutPlaintext,
  enableKey,
  disableKey,
  scheduleKeyDeletion,
  cancelKeyDeletion,
  updateKeyDescription,
  getKeyPolicy,
  putKeyPolicy,
  listKeyPolicies,
  createGrant,
  listGrants,
  revokeGrant,
  retireGrant,
  tagKey,
  untagKey,
  listResourceTags,
])
