import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

let runs = 0

describe('pages of ListSecrets', () => {
  it('give each secret that stays exactly once, and none twice, while others come and go', async () => {
    const change = fc.record({
      kind: fc.constantFrom('create', 'delete', 'force', 'nothing'),
      which: fc.nat({ max: 30 }),
    })
    const input = fc.record({
      SortBy: fc.constantFrom('created-date', 'name', undefined),
      SortOrder: fc.constantFrom('asc', 'desc', undefined),
      MaxResults: fc.integer({ min: 1, max: 5 }),
      IncludePlannedDeletion: fc.boolean(),
      // Read from the index of names, or along that of the order.
      Filters: fc.constantFrom([{ Key: 'name', Values: ['s', 'new'] }], [{ Key: 'name', Values: ['!x'] }], undefined),
      count: fc.integer({ min: 0, max: 12 }),
      changes: fc.array(change, { maxLength: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ count, changes, ...query }) => {
        runs += 1
        const sent = { region: `eu-west-${runs}` }
        const names = Array.from({ length: count }, (_, index) => `s${(index * 7) % 13}`)
        for (const Name of names) {
          await store.ok('CreateSecret', { Name }, sent)
          await store.clock.advance(runs % 2)
        }
        const touched = new Set<string>()
        const found: string[] = []
        let more: Body = {}
        let at = 0
        do {
          const page = await store.ok('ListSecrets', { ...query, ...more }, sent)
          found.push(...page.SecretList.map(({ Name = '' }) => Name))
          more = { NextToken: page.NextToken }
          const { kind, which } = changes[at] ?? { kind: 'nothing', which: 0 }
          at += 1
          const name = kind === 'create' ? `new${which}` : (names[which] ?? 'none')
          if (kind !== 'nothing') touched.add(name)
          if (kind === 'create') await store.call('CreateSecret', { Name: name }, sent)
          else if (kind !== 'nothing')
            await store.call('DeleteSecret', { SecretId: name, ForceDeleteWithoutRecovery: kind === 'force' }, sent)
        } while (more['NextToken'] !== undefined)
        const stayed = names.filter((name) => !touched.has(name))
        expect(found.filter((name) => stayed.includes(name)).toSorted()).toEqual(stayed.toSorted())
        expect(new Set(found).size).toBe(found.length)
      }),
      { numRuns: 80 },
    )
  })
})

describe('a ListSecrets whose filters match nothing among many', () => {
  it('gives short pages, each with a token, until it has looked at all', async () => {
    const sent = { region: 'us-east-1' }
    await store.ok('CreateSecret', { Name: 'seed', Description: 'of thousands' }, sent)
    const [seed] = await store.data.rows("select * from secrets where name = 'seed'")
    const own = ['id', 'name', 'arn']
    const columns = Object.keys(seed ?? {})
    const values = columns.map((column) => (own.includes(column) ? `s.${column} || '-' || n.i` : `s.${column}`))
    await store.data.rows(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 11000)
       insert into secrets (${columns.join(', ')}) select ${values.join(', ')} from n, secrets s where s.name = 'seed'`,
    )
    const Filters = [{ Key: 'description', Values: ['nothing'] }]
    const pages: number[] = []
    let more: Body = {}
    do {
      const page = await store.ok('ListSecrets', { Filters, ...more }, sent)
      pages.push(page.SecretList.length)
      more = { NextToken: page.NextToken }
    } while (more['NextToken'] !== undefined)
    expect(pages).toEqual([0, 0, 0])
    const { SecretList } = await store.ok('ListSecrets', { Filters: [{ Key: 'name', Values: ['seed-10999'] }] }, sent)
    expect(SecretList.map(({ Name }) => Name)).toEqual(['seed-10999'])
  })
})
