import { SecretsError, systemRandom } from '@keyplane/core'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { associatedData, type Binding } from './binding.ts'
import { type EnvelopeOwner, openValue, rewrapDataKey, sealValue } from './envelope.ts'
import { type KmsKey, makeKmsKey, unwrapKmsKey } from './kms-key.ts'
import { localRootKey } from './local-root-key.ts'
import { deriveStoreKey, makeRootCheck, verifyRootCheck } from './root-check.ts'

const owner: EnvelopeOwner = {
  account: '000000000000',
  region: 'eu-west-1',
  arn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:db-a1b2c3',
  versionId: 'v1',
  kind: 'text',
}
const value = new TextEncoder().encode('a value')
const rootKey = localRootKey(systemRandom.bytes(32), systemRandom)
const keyId = { account: owner.account, region: owner.region, keyId: 'key-1', material: 1 }
let kmsKey: KmsKey

const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'opened'
  } catch (error) {
    return (error as SecretsError).code
  }
}

beforeAll(async () => {
  kmsKey = (await makeKmsKey(keyId, rootKey, systemRandom)).kmsKey
})

describe('an envelope', () => {
  it('opens to the value that was sealed, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const envelope = sealValue(bytes, owner, kmsKey, systemRandom)
        expect(Buffer.from(openValue(envelope, owner, kmsKey)).equals(bytes)).toBe(true)
      }),
    )
  })

  it('does not open for another account, region, secret, version or kind', () => {
    const envelope = sealValue(value, owner, kmsKey, systemRandom)
    for (const other of [
      { ...owner, account: '111111111111' },
      { ...owner, region: 'eu-west-2' },
      { ...owner, arn: `${owner.arn}x` },
      { ...owner, versionId: 'v2' },
      { ...owner, kind: 'binary' as const },
    ])
      expect(codeOf(() => openValue(envelope, other, kmsKey))).toBe('integrity')
  })

  it('does not open when any one byte of either half was altered', () => {
    const envelope = sealValue(value, owner, kmsKey, systemRandom)
    for (const half of ['sealedValue', 'wrappedDataKey'] as const)
      for (let at = 0; at < envelope[half].length; at += 1) {
        const altered = Uint8Array.from(envelope[half])
        altered[at] = (altered[at] ?? 0) ^ 1
        expect(codeOf(() => openValue({ ...envelope, [half]: altered }, owner, kmsKey))).toBe('integrity')
      }
  })

  it('does not open when it was cut short', () => {
    const envelope = sealValue(value, owner, kmsKey, systemRandom)
    for (let length = 0; length < envelope.sealedValue.length; length += 1)
      expect(
        codeOf(() => openValue({ ...envelope, sealedValue: envelope.sealedValue.subarray(0, length) }, owner, kmsKey)),
      ).toBe('integrity')
  })

  it('does not open under another material of the same key', () => {
    const envelope = sealValue(value, owner, kmsKey, systemRandom)
    expect(codeOf(() => openValue(envelope, owner, { ...kmsKey, material: 2 }))).toBe('integrity')
  })

  it('never says the value in its error', () => {
    const envelope = sealValue(value, owner, kmsKey, systemRandom)
    expect(() => openValue(envelope, { ...owner, versionId: 'v2' }, kmsKey)).toThrow(/^(?!.*a value)/)
  })

  it('opens under a new key after its data key alone was wrapped again', async () => {
    const envelope = sealValue(value, owner, kmsKey, systemRandom)
    const { kmsKey: next } = await makeKmsKey({ ...keyId, material: 2 }, rootKey, systemRandom)
    const wrappedDataKey = rewrapDataKey(envelope.wrappedDataKey, owner, { from: kmsKey, to: next }, systemRandom)
    const moved = { sealedValue: envelope.sealedValue, wrappedDataKey }
    expect(Buffer.from(openValue(moved, owner, next)).toString()).toBe('a value')
    expect(codeOf(() => openValue(moved, owner, kmsKey))).toBe('integrity')
  })
})

describe('what is authenticated', () => {
  it('differs for any two bindings that differ, however their fields are split', () => {
    const bindings = fc.record({
      purpose: fc.constant('kms-key' as const),
      account: fc.string(),
      region: fc.string(),
      keyId: fc.string(),
      material: fc.nat(),
    })
    fc.assert(
      fc.property(bindings, bindings, (a: Binding, b: Binding) => {
        const same = JSON.stringify(a) === JSON.stringify(b)
        expect(Buffer.from(associatedData(a)).equals(associatedData(b))).toBe(same)
      }),
    )
    expect(associatedData({ purpose: 'root-check', storeId: 'ab' })).not.toEqual(
      associatedData({ purpose: 'root-check', storeId: 'a' }),
    )
  })
})

describe('a KMS key at rest', () => {
  it('opens under its root key and its own name only', async () => {
    const { wrapped, kmsKey: made } = await makeKmsKey(keyId, rootKey, systemRandom)
    const envelope = sealValue(value, owner, made, systemRandom)
    const again = await unwrapKmsKey(wrapped, keyId, rootKey)
    expect(Buffer.from(openValue(envelope, owner, again)).toString()).toBe('a value')
    await expect(unwrapKmsKey(wrapped, { ...keyId, keyId: 'key-2' }, rootKey)).rejects.toMatchObject({
      code: 'integrity',
    })
    const other = localRootKey(systemRandom.bytes(32), systemRandom)
    await expect(unwrapKmsKey(wrapped, keyId, other)).rejects.toMatchObject({ code: 'integrity' })
  })
})

describe('the root key check', () => {
  it('tells another root key, and another store', async () => {
    const check = await makeRootCheck(rootKey, 'store-1', systemRandom)
    await verifyRootCheck(rootKey, 'store-1', check)
    const use = { storeId: 'store-1', check, purpose: 'p' }
    const key = await deriveStoreKey(rootKey, use)
    expect(key).toEqual(await deriveStoreKey(rootKey, use))
    expect(key).not.toEqual(await deriveStoreKey(rootKey, { ...use, purpose: 'q' }))
    const other = localRootKey(systemRandom.bytes(32), systemRandom)
    const wrong = { code: 'source_misconfigured', reason: 'wrong_root_key' }
    await expect(verifyRootCheck(other, 'store-1', check)).rejects.toMatchObject(wrong)
    await expect(deriveStoreKey(other, use)).rejects.toMatchObject(wrong)
    await expect(verifyRootCheck(rootKey, 'store-2', check)).rejects.toMatchObject(wrong)
  })
})
