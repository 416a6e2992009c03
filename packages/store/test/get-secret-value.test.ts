import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notFound } from './known-refusals.ts'
import { TestStore, tokenOf } from './test-store.ts'
import { versionCalls } from './version-calls.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, put, valueOf } = versionCalls(store)

describe('GetSecretValue', () => {
  describe('parameters', () => {
    it('gives bytes and any text back unchanged, up to 65,536 bytes', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64')
      const name = await newSecret('one')
      await store.ok('PutSecretValue', { SecretId: name, SecretBinary: bytes })
      const found = await store.ok('GetSecretValue', { SecretId: name })
      expect([found['SecretBinary'], Object.hasOwn(found, 'SecretString')]).toEqual([bytes, false])
      for (const [index, text] of ['\u0000\n"\\', 'grüße 🔑', 'x'.repeat(65_536), 'ü'.repeat(32_768)].entries()) {
        await put(name, `text${index}`, text)
        expect(await valueOf(name)).toBe(text)
      }
      const large = Buffer.alloc(65_536).toString('base64')
      await store.ok('PutSecretValue', { SecretId: name, SecretBinary: large })
      for (const input of [
        { SecretString: 'x'.repeat(65_537) },
        { SecretString: 'ü'.repeat(32_769) },
        { SecretBinary: Buffer.alloc(65_537).toString('base64') },
      ])
        expect(await store.refused('PutSecretValue', { SecretId: name, ...input })).toMatch(
          /^ValidationException: 1 validation error detected: Value at 'secret(String|Binary)' failed/,
        )
    })

    it('notes the day of the last read once a day', async () => {
      const name = await newSecret('one')
      expect(await store.ok('DescribeSecret', { SecretId: name })).not.toHaveProperty('LastAccessedDate')
      await valueOf(name)
      const first = (await store.ok('DescribeSecret', { SecretId: name }))['LastAccessedDate']
      expect(first).toBe(Math.floor(store.clock.nowMs() / 86_400_000) * 86_400)
      await store.clock.advance(86_400_000)
      await valueOf(name)
      expect((await store.ok('DescribeSecret', { SecretId: name }))['LastAccessedDate']).toBe(first + 86_400)
    })

    it('notes that day for the version too, and writes nothing more of it on that day', async () => {
      const name = await newSecret('one')
      const version = `secret_id = (select id from secrets where name = '${name}')`
      const noted = async () =>
        (await store.data.rows(`select accessed_at_ms from secret_versions where ${version}`))[0]
      for (const _ of ['first', 'second']) await valueOf(name)
      const today = Math.floor(store.clock.nowMs() / 86_400_000) * 86_400_000
      expect(Number((await noted())?.['accessed_at_ms'])).toBe(today)
      await store.data.rows(`update secret_versions set accessed_at_ms = 1 where ${version}`)
      await valueOf(name)
      expect(Number((await noted())?.['accessed_at_ms'])).toBe(1)
    })
  })

  describe('labels', () => {
    it('still gives a version without labels by its id', async () => {
      const name = await newSecret('one')
      await put(name, 'v2', 'two')
      await put(name, 'v3', 'three')
      const found = await store.ok('GetSecretValue', { SecretId: name, VersionId: tokenOf('v1') })
      expect(found).toMatchObject({ SecretString: 'one', VersionId: tokenOf('v1') })
      expect(Object.hasOwn(found, 'VersionStages')).toBe(false)
    })
  })

  describe('errors', () => {
    it('wants id and label to agree', async () => {
      const name = await newSecret('one')
      await put(name, 'v2', 'two')
      const of = (VersionStage: string) => ({ SecretId: name, VersionId: tokenOf('v2'), VersionStage })
      expect(await valueOf(name, of('AWSCURRENT'))).toBe('two')
      expect(await store.refused('GetSecretValue', of('AWSPREVIOUS'))).toBe(
        'InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.',
      )
    })

    it('tells a missing version from a missing secret', async () => {
      const name = await newSecret('one')
      expect(await store.refused('GetSecretValue', { SecretId: 'nowhere' })).toBe(notFound)
      expect(await store.refused('GetSecretValue', { SecretId: name, VersionStage: 'green' })).toBe(
        "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: green",
      )
      expect(await store.refused('GetSecretValue', { SecretId: name, VersionId: tokenOf('v9') })).toBe(
        `ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: ${tokenOf('v9')}`,
      )
      expect(await store.refused('GetSecretValue', { SecretId: await newSecret() })).toBe(
        "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
      )
    })

    it('end where a value that did not open is put right', async () => {
      const name = await newSecret('one')
      const version = `secret_id = (select id from secrets where name = '${name}')`
      await store.data.rows('create table kept_values as select * from secret_versions')
      await store.data.rows(`update secret_versions set wrapped_data_key = sealed_value where ${version}`)
      expect(await store.refused('GetSecretValue', { SecretId: name })).toMatch(/^DecryptionFailure/)
      await store.data.rows(
        `update secret_versions set wrapped_data_key = (select wrapped_data_key from kept_values where ${version}) where ${version}`,
      )
      await store.data.rows('drop table kept_values')
      expect(await valueOf(name)).toBe('one')
    })

    it('come from bounds', async () => {
      const refused = (more: object) => store.refused('GetSecretValue', { SecretId: 'x', ...more })
      expect(await refused({ VersionId: 'short' })).toMatch(/^ValidationException: .*'versionId'/)
      expect(await refused({ VersionStage: 'x'.repeat(257) })).toMatch(/^ValidationException: .*'versionStage'/)
    })
  })
})
