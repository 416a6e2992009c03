import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notFound } from './known-refusals.ts'
import { type Body, TestStore, tokenOf } from './test-store.ts'
import { versionCalls } from './version-calls.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newVersions } = versionCalls(store)
/** Versions a second apart. */
const newSecret = (versions: number) => newVersions(versions, { apartMs: 1_000 })
const list = (SecretId: string, more: Body = {}) => store.ok('ListSecretVersionIds', { SecretId, ...more })
const ids = async (SecretId: string, more: Body = {}) =>
  (await list(SecretId, more)).Versions.map(({ VersionId = '' }) => VersionId.replaceAll('-', ''))

describe('ListSecretVersionIds', () => {
  describe('parameters', () => {
    it('tells of each version its id, labels, dates and key', async () => {
      const name = await newSecret(1)
      const { ARN } = await store.ok('DescribeSecret', { SecretId: name })
      const CreatedDate = store.clock.nowMs() / 1000 - 1
      const entry = { VersionId: tokenOf('v1'), VersionStages: ['AWSCURRENT'], CreatedDate }
      const KmsKeyIds = ['DefaultEncryptionKey']
      expect(await list(name)).toEqual({ ARN, Name: name, Versions: [{ ...entry, KmsKeyIds }] })
      await store.ok('GetSecretValue', { SecretId: name })
      const day = Math.floor(store.clock.nowMs() / 86_400_000) * 86_400
      expect(await list(name)).toEqual({ ARN, Name: name, Versions: [{ ...entry, KmsKeyIds, LastAccessedDate: day }] })
    })

    it('leaves versions without a label out, unless they are asked for; they have no VersionStages', async () => {
      const name = await newSecret(4)
      expect(await ids(name)).toEqual(['v3', 'v4'])
      const { Versions } = await list(name, { IncludeDeprecated: true })
      expect(Versions.map(({ VersionStages }) => VersionStages)).toEqual([
        undefined,
        undefined,
        ['AWSPREVIOUS'],
        ['AWSCURRENT'],
      ])
      expect(Versions[0]).not.toHaveProperty('VersionStages')
    })

    it('gives pages, each version once', async () => {
      const name = await newSecret(7)
      for (const MaxResults of [1, 3, 7, 100]) {
        const found: string[] = []
        let more: Body = {}
        do {
          const page = await list(name, { MaxResults, IncludeDeprecated: true, ...more })
          expect(page.Versions.length).toBeLessThanOrEqual(MaxResults)
          found.push(...page.Versions.map(({ VersionId = '' }) => VersionId.replaceAll('-', '')))
          more = { NextToken: page.NextToken }
        } while (more['NextToken'] !== undefined)
        expect(found).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7'])
      }
    })

    it('gives an empty list for a secret without versions, and lists one that waits for its deletion', async () => {
      const name = await newSecret(0)
      expect((await list(name)).Versions).toEqual([])
      await store.ok('DeleteSecret', { SecretId: name })
      expect((await list(name)).Versions).toEqual([])
    })
  })

  describe('errors', () => {
    it('come from a missing secret, bounds, and tokens of another query', async () => {
      const refused = (input: Body) => store.refused('ListSecretVersionIds', input)
      expect(await refused({ SecretId: 'nowhere' })).toBe(notFound)
      const [one, two] = [await newSecret(3), await newSecret(3)]
      expect(await refused({ SecretId: one, MaxResults: 0 })).toMatch(/^ValidationException: .*'maxResults'/)
      expect(await refused({ SecretId: one, MaxResults: 101 })).toMatch(/^ValidationException: .*'maxResults'/)
      const { NextToken } = await list(one, { MaxResults: 1 })
      const invalid = 'InvalidNextTokenException: The NextToken value is invalid.'
      expect(await refused({ SecretId: two, NextToken })).toBe(invalid)
      expect(await refused({ SecretId: one, NextToken, IncludeDeprecated: true })).toBe(invalid)
      expect(await refused({ SecretId: one, NextToken: 'x' })).toBe(invalid)
    })
  })
})
