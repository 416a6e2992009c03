import assert from 'node:assert/strict'
import { sameValue } from '@keyplane/core'
import type { Rule } from './rule.ts'
import { seeded, seedWithin } from './seed.ts'

const { plain, other } = seeded

/** What a provider does that not each can: at once, many, states, lists. */
export const abilityRules: readonly Rule[] = [
  {
    statement: 'gives at once what it gives to those who wait',
    skip: ({ provider }) => !provider.getSync && 'no ability: getSync',
    check: async ({ provider, ref }) => {
      const version = provider.getSync?.(ref(other.name))
      assert.ok(version && sameValue(version.value, other.value))
      assert.equal(provider.getSync?.(ref('NOT_THERE')), undefined)
    },
  },
  {
    statement: 'answers many in the order asked, each with its own outcome',
    skip: ({ provider }) => !provider.many && 'no ability: many',
    check: async ({ provider, ref }) => {
      const refs = [ref(other.name), ref('NOT_THERE'), ref(plain.name)]
      const outcomes = (await provider.many?.get(refs)) ?? []
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.ok ? outcome.value.value.reveal() : outcome.error.code)),
        [other.value.reveal(), 'secret_not_found', plain.value.reveal()],
      )
    },
  },
  {
    statement: 'describes the version that it reads',
    skip: ({ provider }) => (!provider.state || provider.state.maxRefs < 1) && 'no ability: state',
    check: async ({ provider, ref }) => {
      const { id, version } = await provider.get(ref(plain.name))
      const [state, missing] = (await provider.state?.describe([ref(plain.name), ref('NOT_THERE')])) ?? []
      assert.ok(state?.ok, 'a state is given')
      assert.equal(state.value.id, id)
      assert.deepEqual(state.value.versions.get(version as string)?.includes('current'), true)
      assert.ok(missing && !missing.ok && missing.error.code === 'secret_not_found')
    },
  },
  {
    statement: 'lists what is there, by prefix too',
    skip: ({ provider }) => !provider.list && 'no ability: list',
    check: async ({ provider, limits, spell = (wanted: string) => wanted }) => {
      const names: string[] = []
      for await (const state of provider.list?.list({}) ?? []) names.push(state.name)
      for (const { name: wanted } of seedWithin(limits)) assert.ok(names.includes(spell(wanted)), `lists ${wanted}`)
      const some: string[] = []
      for await (const state of provider.list?.list({ prefix: spell('PLA') }) ?? []) some.push(state.name)
      assert.deepEqual(some, [spell(plain.name)])
    },
  },
]
