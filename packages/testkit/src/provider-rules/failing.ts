import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { failsWith, rejection } from './failure.ts'
import type { Rule } from './rule.ts'
import { seeded } from './seed.ts'

const { plain } = seeded

const everythingPrinted = (thing: unknown): string =>
  [
    JSON.stringify(thing),
    String(thing),
    inspect(thing, { depth: 10, showHidden: true }),
    thing instanceof Error ? `${thing.stack} ${everythingPrinted(thing.cause ?? '')}` : '',
  ].join('\n')

/** How a refusal, an outage and nonsense are told from an absence, and what no failure shows. */
export const failingRules: readonly Rule[] = [
  {
    statement: 'tells a refusal from an absence',
    skip: ({ deniedId, limits }) => deniedId === undefined && (limits.denies ?? 'no denied id in the fixture'),
    check: async ({ provider, deniedId }) => {
      await failsWith(() => provider.get({ id: deniedId as string }), 'access_denied', 'unauthenticated')
    },
  },
  {
    statement: 'refuses an identity that the source does not know, and reads nothing as somebody else',
    skip: ({ limits }) => limits.identities,
    check: async ({ provider, ref }) => {
      const stranger = { ...ref(plain.name), as: 'nobody-7f3a91' }
      const refusals = ['unsupported', 'access_denied', 'unauthenticated', 'invalid_request'] as const
      await failsWith(() => provider.get(stranger), ...refusals)
      // What was read without an identity is no answer to it either.
      await provider.get(ref(plain.name))
      await failsWith(() => provider.get(stranger), ...refusals)
    },
  },
  {
    statement: 'tells a silent source from an absence',
    skip: ({ silence, limits }) => !silence && (limits.silence ?? 'the fixture cannot fall silent'),
    check: async ({ provider, ref, silence }) => {
      await silence?.()
      await failsWith(() => provider.get(ref(plain.name)), 'unavailable', 'timeout')
    },
  },
  {
    statement: 'tells nonsense from an absence',
    skip: ({ babble, limits }) => !babble && (limits.babble ?? 'the fixture cannot babble'),
    check: async ({ provider, ref, babble }) => {
      await babble?.()
      await failsWith(() => provider.get(ref(plain.name)), 'bad_response')
    },
  },
  {
    statement: 'never shows a value where it is printed',
    check: async ({ provider, ref }) => {
      const version = await provider.get(ref(plain.name))
      const missing = await rejection(() => provider.get(ref('NOT_THERE')))
      for (const thing of [version, missing, provider])
        assert.ok(!everythingPrinted(thing).includes(plain.value.reveal()), 'a value is printed')
    },
  },
]
