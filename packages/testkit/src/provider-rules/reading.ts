import assert from 'node:assert/strict'
import { sameValue } from '@keyplane/core'
import { failsWith } from './failure.ts'
import type { Rule } from './rule.ts'
import { seeded } from './seed.ts'

const { plain, other, empty, binary, awkward } = seeded

/** What a provider gives, and what it says where there is nothing to give. */
export const readingRules: readonly Rule[] = [
  {
    statement: 'reads the current value',
    check: async ({ provider, ref }) => {
      const version = await provider.get(ref(plain.name))
      assert.equal(version.value.reveal(), plain.value.reveal())
      assert.ok(Object.isFrozen(version), 'a version is frozen')
      assert.ok(sameValue((await provider.get({ ...ref(plain.name), stage: 'current' })).value, plain.value))
    },
  },
  {
    statement: 'gives text back to the letter',
    check: async ({ provider, ref }) => {
      assert.equal((await provider.get(ref(other.name))).value.reveal(), other.value.reveal())
    },
  },
  {
    statement: 'names two secrets by two ids',
    check: async ({ provider, ref }) => {
      const ids = await Promise.all([plain, other].map(async ({ name }) => (await provider.get(ref(name))).id))
      assert.notEqual(ids[0], ids[1], 'a cache that knows both would give one for the other')
    },
  },
  {
    statement: 'tells an unknown secret by secret_not_found',
    check: async ({ provider, ref }) => {
      await failsWith(() => provider.get(ref('NOT_THERE')), 'secret_not_found')
    },
  },
  {
    statement: 'tells an unknown version by version_not_found',
    check: async ({ provider, ref }) => {
      const version = '00000000-dead-4000-8000-000000000000'
      await failsWith(() => provider.get({ ...ref(plain.name), version }), 'version_not_found')
    },
  },
  {
    statement: 'reads by the version that it named',
    check: async ({ provider, ref }) => {
      const { version } = await provider.get(ref(plain.name))
      if (version === undefined) return
      assert.ok(sameValue((await provider.get({ ...ref(plain.name), version })).value, plain.value))
    },
  },
  {
    statement: 'keeps an empty value apart from an absent one',
    skip: ({ limits }) => limits.empty,
    check: async ({ provider, ref }) => {
      assert.equal((await provider.get(ref(empty.name))).value.reveal(), '')
    },
  },
  {
    statement: 'gives bytes back to the bit',
    skip: ({ limits }) => limits.bytes,
    check: async ({ provider, ref }) => {
      assert.ok(sameValue((await provider.get(ref(binary.name))).value, binary.value))
    },
  },
  {
    statement: 'keeps awkward names apart',
    skip: ({ limits }) => limits.awkwardNames,
    check: async ({ provider, ref }) => {
      for (const secret of awkward)
        assert.ok(sameValue((await provider.get(ref(secret.name))).value, secret.value), secret.name)
    },
  },
  {
    statement: 'takes a name that is no Unicode text, or has a NUL in it, for no other secret’s',
    check: async ({ provider, ref }) => {
      for (const name of [`${plain.name}\0`, `${plain.name}\0x`, `\0${plain.name}`, `${plain.name}\ud800`, 'a\ud800']) {
        await failsWith(() => provider.get(ref(name)), 'secret_not_found', 'invalid_request')
        assert.equal(provider.getSync?.(ref(name)), undefined, JSON.stringify(name))
      }
    },
  },
  {
    statement: 'answers concurrent reads alike',
    check: async ({ provider, ref }) => {
      const versions = await Promise.all(Array.from({ length: 20 }, () => provider.get(ref(plain.name))))
      for (const version of versions) assert.ok(sameValue(version.value, plain.value))
    },
  },
]
