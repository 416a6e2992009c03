import { inspect } from 'node:util'
import { BytesValue, type SecretProvider, SecretsError, TextValue } from '@keyplane/core'
import { describeProvider } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Asked, type Behaviour, type HttpDouble, startHttpDouble } from '../test/http-double.ts'
import { OpenBaoDouble } from '../test/openbao-double.ts'
import { openbaoProvider } from './openbao.ts'

const auth = { method: 'token', token: OpenBaoDouble.token } as const
// OpenBao has no empty segments: such a name is spelled with an encoded slash.
const spell = (name: string): string => name.replaceAll('//', '/%2F/')

describeProvider(
  'openbao',
  async (seed) => {
    const openbao = new OpenBaoDouble()
    for (const { name, value } of seed) openbao.add(spell(name), value)
    const double = await startHttpDouble(openbao.answer)
    return {
      provider: openbaoProvider({ endpoints: [double.endpoint], auth }),
      spell,
      deniedId: 'prod/DENIED',
      silence: () => double.stop(),
      hang: () => {
        double.fault = 'hang'
      },
      babble: () => {
        double.fault = { body: '<html>' }
      },
      stop: () => double.stop(),
    }
  },
  { describe, it },
)

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const badGateway = { status: 502, body: '<html>' }

const start = async (
  options: { casRequired?: boolean } = {},
  behave: (asked: Asked) => Behaviour = new OpenBaoDouble(options).answer,
): Promise<{ double: HttpDouble; provider: SecretProvider; write: NonNullable<SecretProvider['write']> }> => {
  const double = await startHttpDouble(behave)
  const provider = openbaoProvider({ endpoints: [double.endpoint], auth })
  cleanups.push(() => provider.close?.(), double.stop)
  if (!provider.write) throw new Error('It writes.')
  return { double, provider, write: provider.write }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

const text = (value: string): TextValue => new TextValue(value)
const put = (write: NonNullable<SecretProvider['write']>, value: string, key: string, ifVersion?: string | null) =>
  write.put({ id: 'db' }, text(value), { idempotencyKey: key, ...(ifVersion === undefined ? {} : { ifVersion }) })

describe('a version in OpenBao', () => {
  it('is counted; its stages are current and the one before', async () => {
    const { provider, write } = await start()
    for (const value of ['one', 'two', 'three']) await put(write, value, value)
    const got = async (ref: object) => (await provider.get({ id: 'db', ...ref })).value.reveal()
    expect(await provider.get({ id: 'db' })).toMatchObject({ id: 'db', name: 'db', version: '3', stages: ['current'] })
    expect(await got({ version: '1' })).toBe('one')
    expect(await got({ stage: 'previous' })).toBe('two')
    expect(await got({ stage: 'previous', version: '2' })).toBe('two')
    const [state] = (await provider.state?.describe([{ id: 'db' }])) ?? []
    expect(state).toMatchObject({ ok: true, value: { id: 'db', changedAtMs: expect.any(Number) } })
    expect(state?.ok && [...state.value.versions]).toEqual([
      ['1', []],
      ['2', ['previous']],
      ['3', ['current']],
    ])
  })

  it.each([
    { version: '7' },
    { version: '0' },
    { version: '1e3' },
    { version: 'AWSCURRENT' },
    { stage: 'previous' },
    { stage: 'pending' },
    { stage: 'label:x' },
    { version: '1', stage: 'previous' },
  ] as const)('is not there by %j', async (ref) => {
    const { provider, write } = await start()
    await put(write, 'one', 'k')
    expect(await failure(provider.get({ id: 'db', ...ref }))).toMatchObject({ code: 'version_not_found' })
  })

  it('of a secret that is not there is no version: the secret is absent', async () => {
    const { provider } = await start()
    for (const ref of [{ version: '1' }, { stage: 'previous' }] as const)
      expect(await failure(provider.get({ id: 'db', ...ref }))).toMatchObject({ code: 'secret_not_found' })
  })

  it('that is deleted makes the secret a deleted one, until it is written again', async () => {
    const { provider, write } = await start()
    await put(write, 'one', 'k1')
    await write.remove('db', { recoverableForMs: 1 })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'secret_deleted' })
    const [state] = (await provider.state?.describe([{ id: 'db' }])) ?? []
    expect(state).toMatchObject({ ok: true, value: { deletedAtMs: expect.any(Number), versions: new Map() } })
    await put(write, 'two', 'k2')
    expect((await provider.get({ id: 'db' })).value.reveal()).toBe('two')
    expect(await failure(provider.get({ id: 'db', stage: 'previous' }))).toMatchObject({ code: 'version_not_found' })
    await write.remove('db', { recoverableForMs: 0 })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'secret_not_found' })
    expect(await failure(write.remove('db', { recoverableForMs: 0 }))).toMatchObject({ code: 'secret_not_found' })
  })
})

describe('a write to OpenBao', () => {
  it('gives the version as it is read', async () => {
    const { provider, write } = await start()
    const values = [
      text('plain'),
      text(' {"b": "2", "a": "1"}'),
      text('{"n":5}'),
      new BytesValue(Uint8Array.of(0, 255)),
    ]
    for (const [index, value] of values.entries()) {
      const written = await write.put({ id: 'db' }, value, { idempotencyKey: String(index) })
      const read = await provider.get({ id: 'db' })
      expect([read.value.kind, read.value.reveal(), read.version]).toEqual([
        written.value.kind,
        written.value.reveal(),
        written.version,
      ])
    }
  })

  it('may depend on the version it replaces', async () => {
    const { write } = await start()
    expect(await put(write, 'one', 'k1', null)).toMatchObject({ version: '1' })
    expect(await failure(put(write, 'two', 'k2', null))).toMatchObject({ code: 'conflict', reason: 'cas_mismatch' })
    expect(await failure(put(write, 'two', 'k3', '5'))).toMatchObject({ code: 'conflict' })
    expect(await failure(put(write, 'two', 'k4', 'AWSCURRENT'))).toMatchObject({ code: 'conflict' })
    expect(await put(write, 'two', 'k5', '1')).toMatchObject({ version: '2' })
  })

  it('goes over the current version where the mount wants to be told which', async () => {
    const { write } = await start({ casRequired: true })
    expect(await put(write, 'one', 'k1')).toMatchObject({ version: '1' })
    expect(await put(write, 'two', 'k2')).toMatchObject({ version: '2' })
  })

  it('whose answer was lost is not written twice under its key, whether it had arrived or not', async () => {
    const openbao = new OpenBaoDouble()
    let lost: 'request' | 'answer' | undefined
    const { write, double } = await start({}, (asked) => {
      const isLost = asked.method === 'POST' && lost !== undefined
      if (isLost && lost === 'request') return badGateway
      const answer = openbao.answer(asked)
      return isLost ? badGateway : answer
    })
    await put(write, 'one', 'k1')
    for (const [value, what] of [
      ['two', 'request'],
      ['three', 'answer'],
    ] as const) {
      lost = what
      expect(await failure(put(write, value, value))).toMatchObject({ code: 'unavailable' })
      lost = undefined
      await put(write, value, value)
    }
    expect(await put(write, 'three', 'three')).toMatchObject({ version: '3' })
    expect(double.asked.filter(({ method }) => method === 'POST')).toHaveLength(4)
  })

  it('that arrives late, just before its second try, is no conflict', async () => {
    const openbao = new OpenBaoDouble()
    let kept: Asked | undefined
    const { write } = await start({}, (asked) => {
      if (asked.method !== 'POST') return openbao.answer(asked)
      if (!kept) {
        kept = asked
        return badGateway
      }
      openbao.answer(kept)
      return openbao.answer(asked)
    })
    expect(await failure(put(write, 'one', 'k1', null))).toMatchObject({ code: 'unavailable' })
    for (let times = 0; times < 2; times += 1)
      expect(await put(write, 'one', 'k1', null)).toMatchObject({ version: '1' })
  })

  it.each([
    [{ idempotencyKey: '' }, 'invalid_request'],
    [{ idempotencyKey: 'k', stages: ['pending'] }, 'unsupported'],
    [{ idempotencyKey: 'k', stages: [] }, 'unsupported'],
  ] as const)('with %j is refused as %s', async (options, code) => {
    const { write, double } = await start()
    expect(await failure(write.put({ id: 'db' }, text('x'), options))).toMatchObject({ code })
    expect(double.asked).toHaveLength(0)
  })

  it('shows its value in no error', async () => {
    const { write, double } = await start()
    await put(write, 'zero', 'k0')
    double.fault = { status: 500, body: '{"errors":["could not store value-canary"]}' }
    const error = await failure(put(write, 'value-canary', 'k1'))
    expect(error).toBeInstanceOf(SecretsError)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })
})

describe('a read of OpenBao', () => {
  it('has OpenBao’s name of the request, as its audit log has it', async () => {
    const { provider, write } = await start()
    await put(write, 'one', 'k')
    expect((await provider.get({ id: 'db' })).attributes).toEqual({
      'openbao.requestId': '6f81776c-4700-a983-24f6-9d4ceef24a7a',
    })
  })
})

describe('the openbao provider', () => {
  it('assumes no identity, and takes no path that OpenBao would change', async () => {
    const { provider, double } = await start()
    expect(await failure(provider.get({ id: 'db', as: 'other' }))).toMatchObject({ code: 'unsupported' })
    for (const id of ['a//b', '../db', 'a/', ''])
      expect(await failure(provider.get({ id }))).toMatchObject({ code: 'invalid_request' })
    expect(double.asked.map(({ target }) => target)).not.toContainEqual(expect.stringContaining('/v1/secret'))
  })

  it('forgets its token on refresh', async () => {
    const { provider, double } = await start()
    await failure(provider.get({ id: 'db' }))
    await provider.refresh?.()
    await failure(provider.get({ id: 'db' }))
    expect(double.asked.filter(({ target }) => target.endsWith('lookup-self'))).toHaveLength(2)
  })
})
