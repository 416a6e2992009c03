import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError, systemRandom as random } from '@keyplane/core'
import { afterAll, describe, expect, it } from 'vitest'
import { makeRootCheck, verifyRootCheck } from '../root-check.ts'
import type { RootKeySource } from '../root-key.ts'
import { environmentRootKey } from './environment.ts'
import { fileRootKey, nextRootKeySuffix } from './file.ts'
import { type KeyService, keyServiceRootKey } from './key-service.ts'
import { passphraseRootKey } from './passphrase.ts'

const folder = mkdtempSync(join(tmpdir(), 'root-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

const cheap = { memoryKib: 64, passes: 1, parallelism: 1 }
const byPhrase = (phrase: string): RootKeySource =>
  passphraseRootKey({ passphrase: async () => Buffer.from(phrase), random, cost: cheap })
const inEnvironment = (value: string | undefined): RootKeySource =>
  environmentRootKey({ variable: 'KEYPLANE_ROOT_KEY', value, random })

/** A key service in this process: AES-GCM under a key of its own. */
const keyService = (keyName: string, key: Uint8Array): KeyService => ({
  keyName,
  encrypt: async (plain, context) => {
    const nonce = random.bytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context)
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
  },
  decrypt: async (sealed, context) => {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(context)
    decipher.setAuthTag(sealed.subarray(12, 28))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()])
    } catch {
      throw new SecretsError('integrity', 'It does not open.')
    }
  },
})
const inService = (keyName: string, key: Uint8Array): RootKeySource =>
  keyServiceRootKey({ name: 'aws-kms', service: keyService(keyName, key) })

const keyText = Buffer.from(random.bytes(32)).toString('base64')
const serviceKey = random.bytes(32)

const sources: Readonly<Record<string, readonly [right: RootKeySource, wrong: RootKeySource]>> = {
  file: [fileRootKey({ path: join(folder, 'a'), random }), fileRootKey({ path: join(folder, 'b'), random })],
  environment: [inEnvironment(keyText), inEnvironment(Buffer.from(random.bytes(32)).toString('base64'))],
  passphrase: [byPhrase('correct horse battery'), byPhrase('correct horse batterx')],
  'a key service': [inService('key/one', serviceKey), inService('key/one', random.bytes(32))],
}

describe.each(Object.entries(sources))('a root key from %s', (_, [right, wrong]) => {
  it('opens what it has sealed when it is opened again by its descriptor, and another key does not', async () => {
    const key = await right.open()
    await wrong.open()
    const check = await makeRootCheck(key, 'store', random)
    await verifyRootCheck(await right.open(key.descriptor), 'store', check)
    await expect(verifyRootCheck(await wrong.open(key.descriptor), 'store', check)).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'wrong_root_key',
    })
    await expect(verifyRootCheck(await right.open(key.descriptor), 'another store', check)).rejects.toMatchObject({
      reason: 'wrong_root_key',
    })
    expect(key.descriptor).not.toContain(keyText)
  })
})

describe('a root key from the environment', () => {
  it('is refused where it is missing, short, long or no base64, without being quoted', async () => {
    for (const value of [
      undefined,
      '',
      'c2hvcnQ=',
      `${keyText}AAAA`,
      `!${keyText}`,
      keyText.slice(1),
      'hunter2'.repeat(6),
    ]) {
      const error: unknown = await inEnvironment(value)
        .open()
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'source_misconfigured' })
      if (value) expect((error as Error).message).not.toContain(value)
    }
  })
})

describe('a root key from a passphrase', () => {
  it('has another salt for each store, and keeps its cost with the store', async () => {
    const [one, other] = [
      await byPhrase('correct horse battery').open(),
      await byPhrase('correct horse battery').open(),
    ]
    expect(one.descriptor).not.toBe(other.descriptor)
    expect(JSON.parse(one.descriptor)).toMatchObject({ kdf: 'argon2id', memoryKib: 64, passes: 1, parallelism: 1 })
  })

  it('is refused for a new store where it is short', async () => {
    await expect(byPhrase('short').open()).rejects.toMatchObject({ code: 'source_misconfigured' })
  })

  it('takes no descriptor that it has not written: another source’s, or one that costs all memory', async () => {
    const { descriptor } = await byPhrase('correct horse battery').open()
    for (const edited of [
      '',
      'key/one',
      '[]',
      descriptor.replace('argon2id', 'none'),
      descriptor.replace('"memoryKib":64', '"memoryKib":999999999'),
      descriptor.replace('"passes":1', '"passes":0'),
      descriptor.replace(/"salt":"[^"]*"/, '"salt":""'),
    ])
      await expect(byPhrase('correct horse battery').open(edited)).rejects.toMatchObject({
        code: 'source_misconfigured',
      })
  })
})

describe('a root key of a key service', () => {
  it('is told from another key by its name, before anything is asked of it', async () => {
    const { descriptor } = await inService('key/one', serviceKey).open()
    await expect(inService('key/two', serviceKey).open(descriptor)).rejects.toMatchObject({ reason: 'wrong_root_key' })
  })
})

describe('a root key file with the next one beside it', () => {
  it('opens what either has sealed, and seals with the one that did', async () => {
    const path = join(folder, 'changing')
    const [old, next] = [fileRootKey({ path, random }), fileRootKey({ path: `${path}${nextRootKeySuffix}`, random })]
    const [oldKey, newKey] = [await old.open(), await next.open()]
    const check = await makeRootCheck(newKey, 'store', random)
    const either = await old.open('')
    await verifyRootCheck(either, 'store', check)
    const binding = { purpose: 'root-check', storeId: 'store' } as const
    const sealed = await either.wrap(random.bytes(8), binding)
    expect(await newKey.unwrap(sealed, binding)).toHaveLength(8)
    await expect(oldKey.unwrap(sealed, binding)).rejects.toMatchObject({ code: 'integrity' })
    await verifyRootCheck(either, 'store', await makeRootCheck(oldKey, 'store', random))
  })
})
