import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  BytesValue,
  type ErrorCode,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretValue,
  sameValue,
  TextValue,
} from '@keyplane/core'

/** A secret that `start` puts into the source before the suite asks for it. */
export interface SeedSecret {
  readonly name: string
  readonly value: SecretValue
}

/** A provider under test, over a source that holds the seed. */
export interface ProviderFixture {
  readonly provider: SecretProvider
  /** How a name of the seed is spelled for this source. Default: as it is. */
  readonly spell?: (name: string) => string
  /** An id that the source refuses to give. */
  readonly deniedId?: string
  /** Makes the source fall silent: refused, reset or hung. */
  readonly silence?: () => Promise<void> | void
  /** Makes the source answer nonsense. */
  readonly babble?: () => Promise<void> | void
  /** Frees what `start` took, after the provider was closed. */
  readonly stop?: () => Promise<void> | void
}

/** What a source can't have, each with the reason that the skipped test shows. */
export interface ProviderLimits {
  readonly bytes?: string
  readonly empty?: string
  readonly awkwardNames?: string
  readonly denies?: string
  readonly silence?: string
  readonly babble?: string
}

/** The part of a test runner that the suite uses; vitest's and node:test's both fit. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: (test: { skip(reason: string): void }) => Promise<void>): unknown
}

const plain = { name: 'PLAIN', value: new TextValue('plain-canary-7f3a91') }
const other = { name: 'OTHER', value: new TextValue('other-canary-0c55d2 "quoted" \\ \n päß 🔑') }
const empty = { name: 'EMPTY', value: new TextValue('') }
const binary = { name: 'BINARY', value: new BytesValue(Uint8Array.from({ length: 256 }, (_, byte) => byte)) }
const awkward = ['a/b', 'a//b', 'a:b', 'a#b', 'a,b', 'a%2Fb', 'a b', 'ä', 'a', 'A'].map((name) => ({
  name,
  value: new TextValue(`value of ${name}`),
}))

const rejection = async (act: () => Promise<unknown>): Promise<SecretsError> => {
  try {
    await act()
  } catch (error) {
    assert.ok(error instanceof SecretsError, `expected a SecretsError, got ${inspect(error)}`)
    return error
  }
  assert.fail('expected a rejection')
}

const failsWith = async (act: () => Promise<unknown>, ...codes: ErrorCode[]): Promise<SecretsError> => {
  const error = await rejection(act)
  assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`)
  return error
}

const everythingPrinted = (thing: unknown): string =>
  [
    JSON.stringify(thing),
    String(thing),
    inspect(thing, { depth: 10, showHidden: true }),
    thing instanceof Error ? `${thing.stack} ${everythingPrinted(thing.cause ?? '')}` : '',
  ].join('\n')

/**
 * The rules that every provider obeys, and every layer over one. Each rule is one test; a rule is skipped only for an
 * ability that the provider lacks or a limit that is declared, and the skip says which.
 */
export const describeProvider = (
  name: string,
  start: (seed: readonly SeedSecret[]) => Promise<ProviderFixture>,
  { describe, it }: SuiteRunner,
  limits: ProviderLimits = {},
): void => {
  const seed = [
    plain,
    other,
    ...(limits.empty ? [] : [empty]),
    ...(limits.bytes ? [] : [binary]),
    ...(limits.awkwardNames ? [] : awkward),
  ]

  interface Given extends ProviderFixture {
    ref(name: string): SecretRef
  }

  const rule = (
    statement: string,
    check: (given: Given) => Promise<void>,
    skip?: (given: ProviderFixture) => string | false | undefined,
  ): void => {
    it(statement, async (test) => {
      const fixture = await start(seed)
      try {
        const reason = skip?.(fixture)
        if (reason) return test.skip(reason)
        await check({ ...fixture, ref: (wanted) => ({ id: fixture.spell?.(wanted) ?? wanted }) })
      } finally {
        await fixture.provider.close?.()
        await fixture.stop?.()
      }
    })
  }

  describe(`${name} as a provider`, () => {
    rule('reads the current value', async ({ provider, ref }) => {
      const version = await provider.get(ref(plain.name))
      assert.equal(version.value.reveal(), plain.value.reveal())
      assert.ok(Object.isFrozen(version), 'a version is frozen')
      assert.ok(sameValue((await provider.get({ ...ref(plain.name), stage: 'current' })).value, plain.value))
    })

    rule('gives text back to the letter', async ({ provider, ref }) => {
      assert.equal((await provider.get(ref(other.name))).value.reveal(), other.value.reveal())
    })

    rule('names two secrets by two ids', async ({ provider, ref }) => {
      const ids = await Promise.all([plain, other].map(async ({ name }) => (await provider.get(ref(name))).id))
      assert.notEqual(ids[0], ids[1], 'a cache that knows both would give one for the other')
    })

    rule('tells an unknown secret by secret_not_found', async ({ provider, ref }) => {
      await failsWith(() => provider.get(ref('NOT_THERE')), 'secret_not_found')
    })

    rule('tells an unknown version by version_not_found', async ({ provider, ref }) => {
      const version = '00000000-dead-4000-8000-000000000000'
      await failsWith(() => provider.get({ ...ref(plain.name), version }), 'version_not_found')
    })

    rule('reads by the version that it named', async ({ provider, ref }) => {
      const { version } = await provider.get(ref(plain.name))
      if (version === undefined) return
      assert.ok(sameValue((await provider.get({ ...ref(plain.name), version })).value, plain.value))
    })

    rule(
      'tells a refusal from an absence',
      async ({ provider, deniedId }) => {
        await failsWith(() => provider.get({ id: deniedId as string }), 'access_denied', 'unauthenticated')
      },
      ({ deniedId }) => deniedId === undefined && (limits.denies ?? 'no denied id in the fixture'),
    )

    rule(
      'tells a silent source from an absence',
      async ({ provider, ref, silence }) => {
        await silence?.()
        await failsWith(() => provider.get(ref(plain.name)), 'unavailable', 'timeout')
      },
      ({ silence }) => !silence && (limits.silence ?? 'the fixture cannot fall silent'),
    )

    rule(
      'tells nonsense from an absence',
      async ({ provider, ref, babble }) => {
        await babble?.()
        await failsWith(() => provider.get(ref(plain.name)), 'bad_response')
      },
      ({ babble }) => !babble && (limits.babble ?? 'the fixture cannot babble'),
    )

    rule(
      'keeps an empty value apart from an absent one',
      async ({ provider, ref }) => {
        assert.equal((await provider.get(ref(empty.name))).value.reveal(), '')
      },
      () => limits.empty,
    )

    rule(
      'gives bytes back to the bit',
      async ({ provider, ref }) => {
        assert.ok(sameValue((await provider.get(ref(binary.name))).value, binary.value))
      },
      () => limits.bytes,
    )

    rule(
      'keeps awkward names apart',
      async ({ provider, ref }) => {
        for (const secret of awkward)
          assert.ok(sameValue((await provider.get(ref(secret.name))).value, secret.value), secret.name)
      },
      () => limits.awkwardNames,
    )

    rule('rejects with the reason of an aborted signal', async ({ provider, ref }) => {
      const reason = new Error('the caller left')
      await assert.rejects(
        () => provider.get(ref(plain.name), { signal: AbortSignal.abort(reason) }),
        (thrown) => thrown === reason,
      )
    })

    rule('answers concurrent reads alike', async ({ provider, ref }) => {
      const versions = await Promise.all(Array.from({ length: 20 }, () => provider.get(ref(plain.name))))
      for (const version of versions) assert.ok(sameValue(version.value, plain.value))
    })

    rule('never shows a value where it is printed', async ({ provider, ref }) => {
      const version = await provider.get(ref(plain.name))
      const missing = await rejection(() => provider.get(ref('NOT_THERE')))
      for (const thing of [version, missing, provider])
        assert.ok(!everythingPrinted(thing).includes(plain.value.reveal()), 'a value is printed')
    })

    rule(
      'gives at once what it gives to those who wait',
      async ({ provider, ref }) => {
        const version = provider.getSync?.(ref(other.name))
        assert.ok(version && sameValue(version.value, other.value))
        assert.equal(provider.getSync?.(ref('NOT_THERE')), undefined)
      },
      ({ provider }) => !provider.getSync && 'no ability: getSync',
    )

    rule(
      'answers many in the order asked, each with its own outcome',
      async ({ provider, ref }) => {
        const refs = [ref(other.name), ref('NOT_THERE'), ref(plain.name)]
        const outcomes = (await provider.many?.get(refs)) ?? []
        assert.deepEqual(
          outcomes.map((outcome) => (outcome.ok ? outcome.value.value.reveal() : outcome.error.code)),
          [other.value.reveal(), 'secret_not_found', plain.value.reveal()],
        )
      },
      ({ provider }) => !provider.many && 'no ability: many',
    )

    rule(
      'describes the version that it reads',
      async ({ provider, ref }) => {
        const { id, version } = await provider.get(ref(plain.name))
        const [state, missing] = (await provider.state?.describe([ref(plain.name), ref('NOT_THERE')])) ?? []
        assert.ok(state?.ok, 'a state is given')
        assert.equal(state.value.id, id)
        assert.deepEqual(state.value.versions.get(version as string)?.includes('current'), true)
        assert.ok(missing && !missing.ok && missing.error.code === 'secret_not_found')
      },
      ({ provider }) => (!provider.state || provider.state.maxRefs < 1) && 'no ability: state',
    )

    rule(
      'lists what is there, by prefix too',
      async ({ provider, spell = (wanted: string) => wanted }) => {
        const names: string[] = []
        for await (const state of provider.list?.list({}) ?? []) names.push(state.name)
        for (const { name: wanted } of seed) assert.ok(names.includes(spell(wanted)), `lists ${wanted}`)
        const some: string[] = []
        for await (const state of provider.list?.list({ prefix: spell('PLA') }) ?? []) some.push(state.name)
        assert.deepEqual(some, [spell(plain.name)])
      },
      ({ provider }) => !provider.list && 'no ability: list',
    )

    const cannotWrite = ({ provider }: ProviderFixture): string | false => !provider.write && 'no ability: write'
    const put = (given: Given, value: string, key: string, extra: { ifVersion?: string | null } = {}) =>
      given.provider.write?.put(given.ref(plain.name), new TextValue(value), { idempotencyKey: key, ...extra })
    const keyOf = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`

    rule(
      'reads its own write',
      async (given) => {
        await given.provider.get(given.ref(plain.name))
        const written = await put(given, 'second', keyOf('1'))
        const read = await given.provider.get(given.ref(plain.name))
        assert.equal(read.value.reveal(), 'second')
        assert.equal(read.version, written?.version)
      },
      cannotWrite,
    )

    rule(
      'makes a new version at each write and keeps the one before',
      async (given) => {
        const before = await given.provider.get(given.ref(plain.name))
        await put(given, 'second', keyOf('1'))
        const previous = await given.provider.get({ ...given.ref(plain.name), stage: 'previous' })
        assert.equal(previous.version, before.version)
        assert.ok(sameValue(previous.value, plain.value))
      },
      cannotWrite,
    )

    rule(
      'takes the same write twice as one, and another value under its key as a conflict',
      async (given) => {
        const first = await put(given, 'second', keyOf('1'))
        const again = await put(given, 'second', keyOf('1'))
        assert.equal(again?.version, first?.version)
        await failsWith(async () => put(given, 'third', keyOf('1')), 'conflict')
      },
      cannotWrite,
    )

    rule('fails with closed after it was closed', async ({ provider, ref }) => {
      if (!provider.close) return
      await provider.close()
      await failsWith(() => provider.get(ref(plain.name)), 'closed')
    })
  })
}
