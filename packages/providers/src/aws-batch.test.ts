import { type Outcome, type SecretVersion, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, startHttpDouble } from '../test/http-double.ts'
import { doubleCredentials, SecretsManagerDouble } from '../test/secrets-manager-double.ts'
import { awsProvider } from './aws.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (behave?: (operation: string) => Behaviour | undefined) => {
  const secrets = new SecretsManagerDouble()
  for (const name of ['a', 'b', 'c']) secrets.add(name, new TextValue(`value of ${name}`))
  const operation = (target: unknown): string => String(target).split('.')[1] ?? ''
  const double = await startHttpDouble(
    (asked) => behave?.(operation(asked.headers['x-amz-target'])) ?? secrets.answer(asked),
  )
  const clock = fakeClock(Date.now())
  const { endpoint } = double
  const provider = awsProvider({ region: 'eu-west-1', endpoint, credentials: doubleCredentials, clock })
  cleanups.push(() => provider.close?.(), double.stop)
  const read = async (...ids: string[]): Promise<string[]> =>
    told((await provider.many?.get(ids.map((id) => ({ id })))) ?? [])
  const asked = (): string[] => double.asked.map(({ headers }) => operation(headers['x-amz-target']))
  return { secrets, provider, clock, read, asked }
}

const told = (outcomes: readonly Outcome<SecretVersion>[]): string[] =>
  outcomes.map((outcome) => (outcome.ok ? String(outcome.value.value.reveal()) : outcome.error.code))
const arn = (resource: string): string => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${resource}`
const body = (answer: object, status = 200): Behaviour => ({ status, body: JSON.stringify(answer) })

describe('many secrets of AWS', () => {
  it('are one call, however they are named and however often', async () => {
    const { read, asked } = await start()
    expect(await read('b', arn('a-AbCdEf'), 'NOT_THERE', arn('c'), 'DENIED', 'b')).toEqual([
      'value of b',
      'value of a',
      'secret_not_found',
      'secret_not_found',
      'access_denied',
      'value of b',
    ])
    expect(asked()).toEqual(['BatchGetSecretValue'])
  })

  it('are told apart by a partial ARN that begins like another', async () => {
    const entry = { VersionId: 'v', SecretString: 'x' }
    const { read } = await start((operation) =>
      operation === 'BatchGetSecretValue'
        ? body({
            SecretValues: [
              { ...entry, ARN: arn('a-b-AbCdEf'), Name: 'a-b', SecretString: 'wrong' },
              { ...entry, ARN: arn('a-AbCdEf'), Name: 'a', SecretString: 'right' },
              { ...entry, ARN: arn('b-AbCdEf'), Name: 'b' },
            ],
          })
        : undefined,
    )
    expect(await read(arn('a'), 'b')).toEqual(['right', 'x'])
  })

  it('keep what AWS said of each that failed', async () => {
    const { provider } = await start()
    const outcomes = (await provider.many?.get([{ id: 'a' }, { id: 'DENIED' }])) ?? []
    expect(outcomes[1]).toMatchObject({
      ok: false,
      error: { code: 'access_denied', source: 'aws', upstream: { code: 'AccessDeniedException' } },
    })
  })

  it('are read one by one where a version or a stage is meant, and where one is alone', async () => {
    const { provider, asked } = await start()
    const { version = '' } = await provider.get({ id: 'a' })
    const refs = [{ id: 'a', version }, { id: 'b', stage: 'previous' as const }, { id: 'c' }]
    expect(told((await provider.many?.get(refs)) ?? [])).toEqual(['value of a', 'version_not_found', 'value of c'])
    expect(new Set(asked())).toEqual(new Set(['GetSecretValue']))
  })

  it.each(['AccessDeniedException', 'UnknownOperationException'])(
    'are read one by one where the batch is refused by %s, which is not asked again for five minutes',
    async (refusal) => {
      const { secrets, read, asked, clock } = await start()
      secrets.batchRefusal = refusal
      expect(await read('a', 'b', 'NOT_THERE')).toEqual(['value of a', 'value of b', 'secret_not_found'])
      await clock.advance(299_999)
      await read('a', 'b')
      expect(asked().filter((operation) => operation === 'BatchGetSecretValue')).toHaveLength(1)
      await clock.advance(1)
      secrets.batchRefusal = undefined
      expect(await read('a', 'b')).toEqual(['value of a', 'value of b'])
      expect(asked().filter((operation) => operation === 'BatchGetSecretValue')).toHaveLength(2)
      expect(asked().at(-1)).toBe('BatchGetSecretValue')
    },
  )

  it('are read one by one where one of them spoils the batch, which is asked again the next time', async () => {
    const { secrets, read, asked } = await start()
    secrets.batchRefusal = 'ValidationException'
    await read('a', 'b')
    await read('a', 'b')
    expect(asked().filter((operation) => operation === 'BatchGetSecretValue')).toHaveLength(2)
  })

  it('that a batch leaves out are asked for by name', async () => {
    const { read, asked } = await start((operation) =>
      operation === 'BatchGetSecretValue' ? body({ SecretValues: [{ Name: 'a' }, 7], Errors: [{}] }) : undefined,
    )
    expect(await read('b', 'NOT_THERE')).toEqual(['value of b', 'secret_not_found'])
    expect(asked()).toHaveLength(3)
  })

  it.each([
    ['no list', body({ SecretValues: {} }), 'bad_response'],
    ['a list without end', body({ NextToken: 'again' }), 'bad_response'],
    ['throttling', body({ __type: 'ThrottlingException' }, 400), 'rate_limited'],
    ['a reset', 'reset' as const, 'unavailable'],
  ])('fail together by %s', async (_, behaviour, code) => {
    const { read } = await start(() => behaviour)
    await expect(read('a', 'b')).rejects.toMatchObject({ code })
  })

  it('are no more than twenty', async () => {
    const { read } = await start()
    await expect(read(...Array.from({ length: 21 }, (_, index) => String(index)))).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('that are nonsense are nonsense each for itself', async () => {
    const whole = { ARN: arn('a-AbCdEf'), Name: 'a', VersionId: 'v', SecretString: 'x' }
    const { read } = await start(() =>
      body({ SecretValues: [whole, { ...whole, Name: 'b', SecretString: undefined }] }),
    )
    expect(await read('a', 'b')).toEqual(['x', 'bad_response'])
  })
})
