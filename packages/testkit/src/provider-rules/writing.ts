import assert from 'node:assert/strict'
import { type SecretVersion, sameValue, TextValue } from '@keyplane/core'
import { failsWith } from './failure.ts'
import type { Given, Rule } from './rule.ts'
import { seeded } from './seed.ts'

const { plain } = seeded

const cannotWrite = ({ provider }: Given): string | false => !provider.write && 'no ability: write'

const put = async ({ provider, ref }: Given, value: string, key: string): Promise<SecretVersion | undefined> =>
  provider.write?.put(ref(plain.name), new TextValue(value), { idempotencyKey: key })

const key = '11111111-0000-4000-8000-000000000000'

/** What a write leads to. */
export const writingRules: readonly Rule[] = [
  {
    statement: 'reads its own write',
    skip: cannotWrite,
    check: async (given) => {
      await given.provider.get(given.ref(plain.name))
      const written = await put(given, 'second', key)
      const read = await given.provider.get(given.ref(plain.name))
      assert.equal(read.value.reveal(), 'second')
      assert.equal(read.version, written?.version)
    },
  },
  {
    statement: 'makes a new version at each write and keeps the one before',
    skip: cannotWrite,
    check: async (given) => {
      const before = await given.provider.get(given.ref(plain.name))
      await put(given, 'second', key)
      const previous = await given.provider.get({ ...given.ref(plain.name), stage: 'previous' })
      assert.equal(previous.version, before.version)
      assert.ok(sameValue(previous.value, plain.value))
    },
  },
  {
    statement: 'takes the same write twice as one, and another value under its key as a conflict',
    skip: cannotWrite,
    check: async (given) => {
      const first = await put(given, 'second', key)
      const again = await put(given, 'second', key)
      assert.equal(again?.version, first?.version)
      await failsWith(() => put(given, 'third', key), 'conflict')
    },
  },
]
