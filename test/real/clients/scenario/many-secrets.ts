import { expect } from 'vitest'
import type { Output, Step } from './step.ts'

const namesIn = (listed: Output, member = 'SecretList'): unknown[] =>
  ((listed[member] ?? []) as Output[]).map(({ Name }) => Name)

/** Lists, batches, passwords. */
export const manySecrets: readonly Step[] = [
  {
    name: 'lists by filters and pages',
    run: async (use) => {
      const names = ['a', 'b', 'c'].map((name) => `${use.prefix}/page/${name}`)
      for (const Name of names) await use.ok('CreateSecret', { Name, SecretString: Name, Description: 'of a page' })
      const Filters = [{ Key: 'name', Values: [`${use.prefix}/page/`] }]
      const first = await use.ok('ListSecrets', { Filters, MaxResults: 2 })
      expect(namesIn(first)).toEqual(names.slice(0, 2))
      const rest = await use.ok('ListSecrets', { Filters, MaxResults: 2, NextToken: first['NextToken'] })
      expect([namesIn(rest), rest['NextToken'] ?? null]).toEqual([names.slice(2), null])
      const backwards = await use.ok('ListSecrets', { Filters, SortOrder: 'desc' })
      expect(namesIn(backwards)).toEqual(names.toReversed())
      const none = await use.ok('ListSecrets', { Filters: [...Filters, { Key: 'description', Values: ['!page'] }] })
      expect(namesIn(none)).toEqual([])
      expect(await use.refused('ListSecrets', { Filters, NextToken: 'none' })).toMatch(/^InvalidNextTokenException/)
    },
  },
  {
    name: 'reads a batch, with what is missing beside it',
    run: async (use) => {
      const [a, none] = [`${use.prefix}/page/a`, `${use.prefix}/page/none`]
      const batch = await use.ok('BatchGetSecretValue', { SecretIdList: [a, none] })
      expect(batch['SecretValues']).toMatchObject([{ Name: a, SecretString: a }])
      expect(batch['Errors']).toMatchObject([{ SecretId: none, ErrorCode: 'ResourceNotFoundException' }])
      const Filters = [{ Key: 'name', Values: [`${use.prefix}/page/`] }]
      expect(namesIn(await use.ok('BatchGetSecretValue', { Filters }), 'SecretValues')).toHaveLength(3)
    },
  },
  {
    name: 'makes a password',
    run: async (use) => {
      const made = await use.ok('GetRandomPassword', { PasswordLength: 20, ExcludePunctuation: true })
      expect(made['RandomPassword']).toMatch(/^[A-Za-z0-9]{20}$/)
      expect(await use.refused('GetRandomPassword', { PasswordLength: 3, RequireEachIncludedType: true })).toMatch(
        /^InvalidParameterException/,
      )
    },
  },
]
