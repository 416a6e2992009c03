import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, TestStore } from './test-store.ts'

const store = new TestStore()

const make = (Name: string, Description = '', Tags: readonly object[] = []) =>
  store.ok('CreateSecret', { Name, Description, Tags, SecretString: 'v' })
const names = async (input: Body): Promise<string[]> =>
  (await store.ok('ListSecrets', input))['SecretList'].map(({ Name = '' }) => Name)
const filtered = (Key: string, ...Values: string[]) => names({ Filters: [{ Key, Values }] })

beforeAll(async () => {
  await store.start()
  await make('one', 'an secret', [{ Key: 'env', Value: 'prod' }])
  await make('two', 'asecret of Somebody', [{ Key: 'environment', Value: 'test' }])
  await store.clock.advance(1_000)
  await make('three/COMPANYthings', 'the third', [{ Key: 'team', Value: 'prod-x' }])
  await make('deleted', 'gone')
  await store.ok('DeleteSecret', { SecretId: 'deleted' })
})
afterAll(() => store.remove())

describe('ListSecrets', () => {
  it('tells what DescribeSecret tells, with the labels of versions under another name', async () => {
    const { SecretList } = await store.ok('ListSecrets', { Filters: [{ Key: 'name', Values: ['one'] }] })
    const { VersionIdsToStages, ...described } = await store.ok('DescribeSecret', { SecretId: 'one' })
    expect(SecretList).toEqual([{ ...described, SecretVersionsToStages: VersionIdsToStages }])
  })

  it('is in the order of creation unless told otherwise', async () => {
    expect(await names({})).toEqual(['one', 'two', 'three/COMPANYthings'])
    expect(await names({ SortOrder: 'desc' })).toEqual(['three/COMPANYthings', 'two', 'one'])
    expect(await names({ SortBy: 'name' })).toEqual(['one', 'three/COMPANYthings', 'two'])
    await store.clock.advance(1_000)
    await store.ok('UpdateSecret', { SecretId: 'one', Description: 'an secret' })
    expect((await names({ SortBy: 'last-changed-date', SortOrder: 'desc' }))[0]).toBe('one')
    await store.ok('GetSecretValue', { SecretId: 'two' })
    expect((await names({ SortBy: 'last-accessed-date', SortOrder: 'desc' }))[0]).toBe('two')
  })

  it('shows what waits for deletion only when asked', async () => {
    expect(await names({ IncludePlannedDeletion: true })).toContain('deleted')
    expect(await names({})).not.toContain('deleted')
  })

  it('shows only the region of the call', async () => {
    expect((await store.ok('ListSecrets', {}, { region: 'eu-west-2' }))['SecretList']).toEqual([])
  })

  it('matches names and tags by their beginning, case and all', async () => {
    expect(await filtered('name', 't')).toEqual(['two', 'three/COMPANYthings'])
    expect(await filtered('name', 'T')).toEqual([])
    expect(await filtered('name', 'on', 'thr')).toEqual(['one', 'three/COMPANYthings'])
    expect(await filtered('tag-key', 'env')).toEqual(['one', 'two'])
    expect(await filtered('tag-value', 'prod')).toEqual(['one', 'three/COMPANYthings'])
    expect(await filtered('name', '!t')).toEqual(['one'])
    expect(await filtered('tag-key', '!env')).toEqual(['three/COMPANYthings'])
  })

  it('matches descriptions by the beginnings of their words, in any case', async () => {
    expect(await filtered('description', 'a secret')).toEqual(['one'])
    expect(await filtered('description', 'somebody')).toEqual(['two'])
    expect(await filtered('description', 'body')).toEqual([])
    expect(await filtered('description', '-')).toEqual([])
  })

  it('matches everything by words, split where the case changes', async () => {
    expect(await filtered('all', 'compan')).toEqual(['three/COMPANYthings'])
    expect(await filtered('all', 'ythings')).toEqual(['three/COMPANYthings'])
    expect(await filtered('all', 'things')).toEqual([])
    expect(await filtered('all', 'prod')).toEqual(['one', 'three/COMPANYthings'])
  })

  it('wants all filters to hold', async () => {
    const both = (name: string) => ({
      Filters: [
        { Key: 'name', Values: [name] },
        { Key: 'tag-value', Values: ['prod'] },
      ],
    })
    expect([await names(both('t')), await names(both('o'))]).toEqual([['three/COMPANYthings'], ['one']])
    expect(await filtered('owning-service', 'x')).toEqual([])
  })

  it('matches the primary region of what has replicas, or is one', async () => {
    const sent = { region: 'us-east-1' }
    const of = async (region: string) => {
      const Filters = [{ Key: 'primary-region', Values: ['us-east'] }]
      const { SecretList } = await store.ok('ListSecrets', { Filters }, { region })
      return SecretList.map(({ Name }) => Name)
    }
    await store.ok('CreateSecret', { Name: 'plain' }, sent)
    await store.ok('CreateSecret', { Name: 'copied', AddReplicaRegions: [{ Region: 'us-east-2' }] }, sent)
    expect([await of('us-east-1'), await of('us-east-2')]).toEqual([['copied'], ['copied']])
  })

  it('refuses filters that say nothing', async () => {
    const refused = (filter: object) => store.refused('ListSecrets', { Filters: [filter] })
    expect(await refused({ Values: ['x'] })).toBe('InvalidParameterException: Invalid filter key')
    expect(await refused({ Key: 'description' })).toBe(
      'InvalidParameterException: Invalid filter values for key: description',
    )
    expect(await refused({ Key: 'size', Values: ['x'] })).toMatch(/^ValidationException: .*enum value set/)
    expect(await store.refused('ListSecrets', { MaxResults: 0 })).toMatch(/^ValidationException: .*'maxResults'/)
    expect(await store.refused('ListSecrets', { MaxResults: 101 })).toMatch(/^ValidationException/)
  })
})

const pages = async (query: Body): Promise<string[][]> => {
  const found: string[][] = []
  let more: Body = {}
  do {
    const { SecretList, NextToken } = await store.ok('ListSecrets', { ...query, ...more })
    found.push(SecretList.map(({ Name = '' }) => Name))
    more = { NextToken }
  } while (more['NextToken'] !== undefined)
  return found
}

describe('pages', () => {
  it('give every secret once, in any order of the list, though all have one moment', async () => {
    const region = 'eu-west-3'
    const all: string[] = []
    for (let index = 0; index < 25; index += 1) {
      all.push(`page-${String(index).padStart(2, '0')}`)
      await store.ok('CreateSecret', { Name: all.at(-1), SecretString: 'v' }, { region })
    }
    const inRegion = async (query: Body): Promise<string[]> => {
      const found: string[] = []
      for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
        const page = await store.ok(
          'ListSecrets',
          { ...query, ...(token !== undefined && { NextToken: token }) },
          { region },
        )
        expect(page['SecretList'].length).toBeLessThanOrEqual(Number(query['MaxResults']))
        found.push(...page['SecretList'].map(({ Name = '' }) => Name))
        token = page['NextToken']
      }
      return found
    }
    for (const SortBy of ['created-date', 'name', 'last-changed-date', 'last-accessed-date'])
      for (const MaxResults of [1, 7, 25, 100]) {
        expect(await inRegion({ SortBy, MaxResults })).toEqual(all)
        expect(await inRegion({ SortBy, MaxResults, SortOrder: 'desc' })).toEqual(all.toReversed())
      }
    expect(await inRegion({ MaxResults: 2, Filters: [{ Key: 'name', Values: ['page-1'] }] })).toEqual(all.slice(10, 20))
  })

  it('end without a token', async () => {
    expect(await pages({ MaxResults: 2 })).toEqual([['one', 'two'], ['three/COMPANYthings']])
    expect(await store.ok('ListSecrets', { MaxResults: 3 })).not.toHaveProperty('NextToken')
  })

  it('refuse a token of another query, or none that was ever given', async () => {
    const { NextToken } = await store.ok('ListSecrets', { MaxResults: 1 })
    const refused = (query: Body) => store.refused('ListSecrets', query)
    const invalid = 'InvalidNextTokenException: The NextToken value is invalid.'
    expect(await refused({ NextToken, SortBy: 'name' })).toBe(invalid)
    expect(await refused({ NextToken, Filters: [{ Key: 'name', Values: ['x'] }] })).toBe(invalid)
    for (const bad of ['x', NextToken.slice(0, -4), btoa('[]'), btoa('{}'), btoa('[1,2,3,4]')])
      expect(await refused({ NextToken: bad })).toBe(invalid)
  })
})

describe('a ListSecrets whose filters are much work', () => {
  it('lets other calls be answered meanwhile', async () => {
    const large = await new TestStore().start()
    const description = Array.from({ length: 300 }, (_, index) => `w${(index * 7919).toString(36)}`).join(' ')
    for (let index = 0; index < 60; index += 1)
      await large.ok('CreateSecret', { Name: `large/${index}`, Description: description.slice(0, 2_000) })
    const words = (value: number) => Array.from({ length: 100 }, (_, index) => `w${value}${index}`).join(' ')
    const Values = [...Array.from({ length: 9 }, (_, value) => words(value).slice(0, 512)), '!zz']
    const list = { isAnswered: false }
    const listed = large
      .ok('ListSecrets', { Filters: Array.from({ length: 10 }, () => ({ Key: 'all', Values })) })
      .then((answer) => {
        list.isAnswered = true
        return answer['SecretList'].length as number
      })
    let others = 0
    for (; !list.isAnswered; others += 1) await (await fetch(`${large.running?.url}/healthz`)).text()
    expect(await listed).toBe(60)
    expect(others).toBeGreaterThan(5)
    await large.remove()
  })
})
