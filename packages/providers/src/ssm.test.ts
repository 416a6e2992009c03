import { BytesValue, type SecretProvider, TextValue } from '@keyplane/core'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, type HttpDouble, startHttpDouble } from '../test/http-double.ts'
import { ParameterStoreDouble } from '../test/parameter-store-double.ts'
import { doubleCredentials } from '../test/secrets-manager-double.ts'
import { type SsmProviderOptions, ssmFromSettings, ssmProvider } from './ssm.ts'

const open = ({ endpoint }: HttpDouble, options: SsmProviderOptions = {}): SecretProvider =>
  ssmProvider({ region: 'eu-west-1', endpoint, credentials: doubleCredentials, ...options })

describeProvider(
  'ssm',
  async (seed) => {
    const parameters = new ParameterStoreDouble()
    for (const { name, value } of seed) parameters.add(name, String(value.reveal()))
    const double = await startHttpDouble(parameters.answer)
    return {
      provider: open(double),
      deniedId: 'DENIED',
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
  {
    bytes: 'Parameter Store keeps text only',
    empty: 'Parameter Store keeps no empty value',
    awkwardNames: 'Parameter Store takes names of A-Z a-z 0-9 / _ . - only',
  },
)

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (behave?: (operation: string) => Behaviour | undefined, options: SsmProviderOptions = {}) => {
  const parameters = new ParameterStoreDouble()
  parameters.add('db', 'first')
  parameters.add('db', 'second', 'SecureString', ['blue', 'pending', 'previous'])
  parameters.add('db', 'third')
  parameters.add('/prod/hosts', 'a,b', 'StringList')
  const operation = (target: unknown): string => String(target).split('.')[1] ?? ''
  const double = await startHttpDouble(
    (asked) => behave?.(operation(asked.headers['x-amz-target'])) ?? parameters.answer(asked),
  )
  const provider = open(double, options)
  cleanups.push(() => provider.close?.(), double.stop)
  const asked = (): unknown[] =>
    double.asked.map(({ headers, body }) => [
      operation(headers['x-amz-target']),
      JSON.parse(Buffer.from(body).toString()),
    ])
  return { double, provider, asked }
}

const body = (answer: object, status = 200): Behaviour => ({ status, body: JSON.stringify(answer) })
const refused = (type: string, message = '', status = 400): Behaviour => body({ __type: type, message }, status)
const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
const text = async (provider: SecretProvider, ref: Parameters<SecretProvider['get']>[0]): Promise<unknown> =>
  (await provider.get(ref)).value.reveal()
const arn = 'arn:aws:ssm:eu-west-1:123456789012:parameter'

describe('a parameter', () => {
  it('is read by name, ARN, version, label and the stage before', async () => {
    const { provider, asked } = await start()
    expect(await text(provider, { id: 'db' })).toBe('third')
    expect(await text(provider, { id: `${arn}/db` })).toBe('third')
    expect(await text(provider, { id: 'db', version: '1' })).toBe('first')
    expect(await text(provider, { id: 'db', stage: 'label:blue' })).toBe('second')
    expect(await text(provider, { id: 'db', stage: 'previous' })).toBe('second')
    expect(asked().slice(-2)).toEqual([
      ['GetParameter', { Name: 'db', WithDecryption: false }],
      ['GetParameter', { Name: 'db:2', WithDecryption: true }],
    ])
  })

  it('has its ARN as id, its number as version, and its type', async () => {
    const { provider } = await start()
    expect(await provider.get({ id: '/prod/hosts' })).toMatchObject({
      id: `${arn}/prod/hosts`,
      name: '/prod/hosts',
      version: '1',
      stages: ['current'],
      createdAtMs: 1_569_534_789_046,
      attributes: { 'ssm.type': 'StringList' },
    })
    expect((await provider.get({ id: 'db', version: '2' })).stages).toBeUndefined()
  })

  it.each([
    [{ version: '0' }],
    [{ version: 'blue' }],
    [{ version: '9' }],
    [{ stage: 'pending' as const }],
    [{ stage: 'label:green' as const }],
    [{ stage: 'label:2' as const }],
    [{ stage: 'label:' as const }],
    [{ version: '1', stage: 'label:blue' as const }],
    [{ version: '1', stage: 'current' as const }],
    [{ version: '3', stage: 'previous' as const }],
  ])('has no version for %j', async (wanted) => {
    const { provider } = await start()
    expect(await failure(provider.get({ id: 'db', ...wanted }))).toMatchObject({ code: 'version_not_found' })
  })

  it('has both a version and a stage where they meet', async () => {
    const { provider } = await start()
    expect(await text(provider, { id: 'db', version: '2', stage: 'label:blue' })).toBe('second')
    expect(await text(provider, { id: 'db', version: '2', stage: 'previous' })).toBe('second')
    expect(await text(provider, { id: 'db', version: '3', stage: 'current' })).toBe('third')
  })

  it('of AWS’s own has an ARN without an account', async () => {
    const { provider } = await start()
    const id = 'arn:aws:ssm:eu-west-1::parameter/aws/service/x'
    expect(await failure(provider.get({ id }))).toMatchObject({ code: 'secret_not_found' })
  })

  it('with one version has none before', async () => {
    const { provider } = await start()
    expect(await failure(provider.get({ id: '/prod/hosts', stage: 'previous' }))).toMatchObject({
      code: 'version_not_found',
    })
  })

  it.each(['', 'db:1', `${arn}/db:blue`, 'arn:aws:s3:::x', 'x'.repeat(2_049)])('is not named by %j', async (id) => {
    const { provider, double } = await start()
    expect(await failure(provider.get({ id }))).toMatchObject({ code: 'invalid_request' })
    expect(double.asked).toHaveLength(0)
  })

  it.each<[string, Behaviour, object]>([
    ['a key that may not be used', refused('InvalidKeyId', 'AccessDeniedException'), { code: 'access_denied' }],
    ['throttling', refused('ThrottlingException', 'Rate exceeded'), { code: 'rate_limited' }],
    ['a fault of AWS', refused('InternalServerError', '', 500), { code: 'unavailable' }],
    ['no parameter', body({}), { code: 'bad_response' }],
    ['no value', body({ Parameter: { Name: 'db', ARN: arn, Version: 1, Type: 'String' } }), { code: 'bad_response' }],
    ['no version', body({ Parameter: { Name: 'db', ARN: arn, Value: 'canary' } }), { code: 'bad_response' }],
  ])('that does not come is told by %s', async (_, behaviour, told) => {
    const { provider } = await start(() => behaviour)
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ ...told, source: 'ssm' })
    expect(String(error)).not.toContain('canary')
  })

  it('is not given under another role', async () => {
    const { provider } = await start()
    expect(await failure(provider.get({ id: 'db', as: 'arn:aws:iam::1:role/x' }))).toMatchObject({
      code: 'unsupported',
    })
  })
})

describe('many parameters', () => {
  it('are one call, and what it leaves out is asked for by itself', async () => {
    const { provider, asked } = await start()
    const outcomes = await provider.many?.get([{ id: `${arn}/db` }, { id: 'no' }, { id: '/prod/hosts' }, { id: 'a:b' }])
    expect(outcomes?.map((outcome) => (outcome.ok ? outcome.value.value.reveal() : outcome.error.code))).toEqual([
      'third',
      'secret_not_found',
      'a,b',
      'invalid_request',
    ])
    expect(asked()).toEqual([
      ['GetParameters', { Names: [`${arn}/db`, 'no', '/prod/hosts'], WithDecryption: true }],
      ['GetParameter', { Name: 'no', WithDecryption: true }],
    ])
  })

  it('are read one by one where one of them is refused', async () => {
    const { provider } = await start()
    const outcomes = await provider.many?.get([{ id: 'db' }, { id: 'DENIED' }])
    expect(outcomes?.map((outcome) => (outcome.ok ? 'value' : outcome.error.code))).toEqual(['value', 'access_denied'])
  })
})

describe('the state of a parameter', () => {
  it('is told without its key', async () => {
    const { provider, asked } = await start()
    expect(await provider.state?.describe([{ id: 'db' }])).toEqual([
      {
        ok: true,
        value: { id: `${arn}/db`, versions: new Map([['3', ['current']]]), changedAtMs: 1_569_534_789_046 },
      },
    ])
    expect(asked()).toEqual([['GetParameter', { Name: 'db', WithDecryption: false }]])
  })
})

describe('a list of parameters', () => {
  const names = async (provider: SecretProvider, prefix?: string): Promise<string[]> => {
    const found: string[] = []
    for await (const { name } of provider.list?.list(prefix === undefined ? {} : { prefix }) ?? []) found.push(name)
    return found
  }

  it('asks for no value', async () => {
    const { provider, asked } = await start()
    expect(await names(provider, '/prod')).toEqual(['/prod/hosts'])
    const filter = { Key: 'Name', Option: 'BeginsWith', Values: ['/prod'] }
    expect(asked()).toEqual([['DescribeParameters', { MaxResults: 50, ParameterFilters: [filter] }]])
  })

  it('that has ever new pages ends', async () => {
    let pages = 0
    const client = { call: async () => ({ Parameters: [], NextToken: String(pages++) }) }
    const provider = ssmProvider({ client: client as unknown as NonNullable<SsmProviderOptions['client']> })
    expect(await failure(names(provider))).toMatchObject({ code: 'bad_response' })
    expect(pages).toBe(10_000)
  })

  it.each([
    ['that goes round in circles', { Parameters: [], NextToken: 'again' }],
    ['that is none', { Parameters: 'db' }],
    ['of nothings', { Parameters: [null] }],
  ])('%s is nonsense', async (_, answer) => {
    const { provider } = await start(() => body(answer))
    expect(await failure(names(provider))).toMatchObject({ code: 'bad_response' })
  })
})

describe('a write to Parameter Store', () => {
  const options = { idempotencyKey: 'key' }
  const put = (provider: SecretProvider, value: TextValue | BytesValue, more: object = {}, id = 'db') =>
    failure(provider.write?.put({ id }, value, { ...options, ...more }))

  it('is a SecureString under the key that was given', async () => {
    const { provider, asked } = await start(undefined, { kmsKeyId: 'alias/mine' })
    const written = await provider.write?.put({ id: 'new' }, new TextValue('value'), { ...options, ifVersion: null })
    expect(written).toMatchObject({ id: `${arn}/new`, version: '1', stages: ['current'] })
    expect(written?.value.reveal()).toBe('value')
    const input = { Name: 'new', Value: 'value', Type: 'SecureString', Overwrite: false, KeyId: 'alias/mine' }
    expect(asked()[0]).toEqual(['PutParameter', input])
  })

  it.each(['put', 'remove'] as const)('is sent once where the connection dies under it: %s', async (kind) => {
    const { provider, double } = await start((operation) => (operation.startsWith('Get') ? undefined : 'reset'))
    await provider.get({ id: 'db' })
    const write =
      kind === 'put'
        ? put(provider, new TextValue('x'))
        : failure(provider.write?.remove('db', { recoverableForMs: 0 }))
    expect(await write).toMatchObject({ code: 'unavailable', reason: 'reset' })
    expect(double.asked).toHaveLength(2)
  })

  it('is done even where it can’t be read back', async () => {
    const { provider } = await start((operation) =>
      operation === 'GetParameter' ? refused('AccessDeniedException') : undefined,
    )
    expect(await provider.write?.put({ id: 'db' }, new TextValue('x'), options)).toMatchObject({ version: '4' })
  })

  it.each([
    ['bytes', new BytesValue(Uint8Array.of(1)), {}],
    ['nothing', new TextValue(''), {}],
    ['over a version', new TextValue('x'), { ifVersion: '3' }],
    ['another stage', new TextValue('x'), { stages: ['pending'] }],
    ['a label', new TextValue('x'), { stages: ['current', 'label:x'] }],
  ])('of %s is unsupported, and nothing is asked', async (_, value, more) => {
    const { provider, double } = await start()
    expect(await put(provider, value, more)).toMatchObject({ code: 'unsupported', source: 'ssm' })
    expect(double.asked).toHaveLength(0)
  })

  it('of what is there already, or to an ARN, is refused', async () => {
    const { provider } = await start()
    expect(await put(provider, new TextValue('x'), { ifVersion: null })).toMatchObject({ code: 'conflict' })
    expect(await put(provider, new TextValue('x'), {}, `${arn}/db`)).toMatchObject({ code: 'invalid_request' })
  })

  it('never shows its value in what AWS says of it', async () => {
    const { provider } = await start(() => refused('ValidationException', 'value-canary is wrong'))
    const error = await put(provider, new TextValue('value-canary'))
    expect(error).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('[secret] is wrong') })
  })

  it('that removes deletes for good or not at all', async () => {
    const { provider } = await start()
    const remove = (recoverableForMs: number) => failure(provider.write?.remove('db', { recoverableForMs }))
    expect(await remove(1)).toMatchObject({ code: 'unsupported' })
    await remove(0)
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'secret_not_found' })
  })
})

describe('the ssm provider', () => {
  it('takes endpoint, credentials and key from the environment', async () => {
    const { double } = await start()
    const { accessKeyId, secretAccessKey } = doubleCredentials
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_SSM: double.endpoint,
      KEYPLANE_SSM_KMS_KEY_ID: 'alias/mine',
    }
    const provider = await ssmFromSettings({ env, clock: fakeClock(Date.now()) })
    cleanups.push(() => provider.close?.())
    await provider.write?.put({ id: 'db' }, new TextValue('x'), { idempotencyKey: 'key' })
    expect(JSON.parse(Buffer.from(double.asked[0]?.body ?? []).toString())).toMatchObject({ KeyId: 'alias/mine' })
  })

  it('waits for credentials until the deadline, or its end', async () => {
    const clock = fakeClock()
    const credentials = () => new Promise<never>(() => {})
    const { provider } = await start(undefined, { clock, credentials })
    const late = failure(provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 200 }))
    await clock.advance(200)
    expect(await late).toMatchObject({ code: 'timeout', source: 'ssm' })
    const closed = failure(provider.get({ id: 'db' }))
    await provider.close?.()
    expect(await closed).toMatchObject({ code: 'closed', source: 'ssm' })
  })

  it('asks a client that was given, and leaves it open', async () => {
    const calls: string[] = []
    const Parameter = { Name: 'db', ARN: arn, Version: 1, Type: 'String', Value: 'x' }
    const client = { call: async (operation: string) => (calls.push(operation), { Parameter }) }
    const provider = ssmProvider({ client: client as NonNullable<SsmProviderOptions['client']> })
    await provider.get({ id: 'db' })
    await provider.refresh?.()
    await provider.close?.()
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'closed' })
    expect(calls).toEqual(['GetParameter'])
  })

  it('that is told to refresh fetches its credentials anew', async () => {
    let forgotten = 0
    const credentials = Object.assign(async () => doubleCredentials, { forget: () => void (forgotten += 1) })
    const { provider } = await start(undefined, { credentials })
    await provider.refresh?.()
    expect(forgotten).toBe(1)
  })
})
