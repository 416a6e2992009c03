import { inspect } from 'node:util'
import { BytesValue, type SecretProvider, SecretsError, TextValue } from '@keyplane/core'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, type HttpDouble, startHttpDouble } from '../test/http-double.ts'
import { doubleCredentials, SecretsManagerDouble } from '../test/secrets-manager-double.ts'
import { type AwsProviderOptions, awsFromSettings, awsProvider } from './aws.ts'

const open = (double: HttpDouble, options: AwsProviderOptions = {}): SecretProvider =>
  awsProvider({ region: 'eu-west-1', endpoint: double.endpoint, credentials: doubleCredentials, ...options })

describeProvider(
  'aws',
  async (seed) => {
    const secrets = new SecretsManagerDouble()
    for (const { name, value } of seed) secrets.add(name, value)
    const double = await startHttpDouble(secrets.answer)
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
  { awkwardNames: 'AWS takes names of A-Z a-z 0-9 / _ + = . @ - only' },
)

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (behave: (operation: string) => Behaviour, options: AwsProviderOptions = {}) => {
  const double = await startHttpDouble(({ headers }) => behave(String(headers['x-amz-target']).split('.')[1] ?? ''))
  const provider = open(double, options)
  cleanups.push(() => provider.close?.(), double.stop)
  const inputs = (): unknown[] => double.asked.map(({ body }) => JSON.parse(Buffer.from(body).toString()))
  return { double, provider, inputs }
}

const seeded = async (options: AwsProviderOptions = {}) => {
  const secrets = new SecretsManagerDouble()
  secrets.add('db', new TextValue('value-canary'))
  const double = await startHttpDouble(secrets.answer)
  const provider = open(double, options)
  cleanups.push(() => provider.close?.(), double.stop)
  return { double, provider }
}

const answer = (body: unknown, status = 200): Behaviour => ({ status, body: JSON.stringify(body) })
const whole = { ARN: 'arn:a', Name: 'db', VersionId: 'v', SecretString: 'value-canary' }
const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
const key = '11111111-0000-4000-8000-000000000000'

describe('a version from AWS', () => {
  it('is asked for in AWS words', async () => {
    const { provider, inputs } = await start(() => answer(whole))
    await provider.get({ id: 'db' })
    await provider.get({ id: 'db', stage: 'previous' })
    await provider.get({ id: 'db', version: 'v', stage: 'label:blue' })
    expect(inputs()).toEqual([
      { SecretId: 'db' },
      { SecretId: 'db', VersionStage: 'AWSPREVIOUS' },
      { SecretId: 'db', VersionId: 'v', VersionStage: 'blue' },
    ])
  })

  it('keeps the order of its labels and the fraction of its date', async () => {
    const labels = ['x', 'AWSPENDING', 'AWSCURRENT']
    const { provider } = await start(() => answer({ ...whole, VersionStages: labels, CreatedDate: 1_569_534_789.046 }))
    expect(await provider.get({ id: 'db' })).toMatchObject({
      id: 'arn:a',
      name: 'db',
      version: 'v',
      stages: ['label:x', 'pending', 'current'],
      createdAtMs: 1_569_534_789_046,
    })
  })

  it.each([
    { ...whole, ARN: undefined },
    { ...whole, VersionId: 1 },
    { ...whole, SecretString: undefined },
    { ...whole, SecretString: 1 },
    { ...whole, SecretBinary: 'AAAA' },
    { ...whole, SecretString: undefined, SecretBinary: 'value-canary!' },
    { ...whole, VersionStages: 'AWSCURRENT' },
    { ...whole, CreatedDate: 'today' },
  ])('is not taken from nonsense (%#)', async (body) => {
    const { provider } = await start(() => answer(body))
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ code: 'bad_response', source: 'aws' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it.each<[string, Behaviour, string]>([
    ['a reset', 'reset', 'unavailable'],
    ['a cut answer', 'truncate', 'unavailable'],
    ['no HTTP', 'nonsense', 'bad_response'],
    ['throttling', answer({ __type: 'ThrottlingException', message: 'Rate exceeded' }, 400), 'rate_limited'],
    ['a fault of AWS', answer({ __type: 'InternalServiceError', message: 'x' }, 500), 'unavailable'],
    [
      'a denial of KMS',
      answer({ __type: 'AccessDeniedException', Message: 'Access to KMS is not allowed' }, 400),
      'access_denied',
    ],
    ['expired credentials', answer({ __type: 'ExpiredTokenException', message: 'x' }, 400), 'unauthenticated'],
    [
      'a deletion',
      answer(
        {
          __type: 'InvalidRequestException',
          Message: "You can't perform this operation on the secret because it was marked for deletion.",
        },
        400,
      ),
      'secret_deleted',
    ],
  ])('that does not come is told by %s', async (_, behaviour, code) => {
    const { provider, double } = await start(() => behaviour)
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code, source: 'aws' })
    expect(double.asked).toHaveLength(1)
  })

  it('is waited for until the deadline', async () => {
    const clock = fakeClock()
    const { provider, double } = await start(() => 'hang', { clock })
    const call = failure(provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 250 }))
    while (double.asked.length === 0) await clock.advance(0)
    await clock.advance(250)
    expect(await call).toMatchObject({ code: 'timeout' })
    expect(await failure(provider.get({ id: 'db' }, { deadlineAtMs: 0 }))).toMatchObject({ code: 'timeout' })
    expect(double.asked).toHaveLength(1)
  })

  it('is not given under another role', async () => {
    const { provider, double } = await start(() => answer(whole))
    expect(await failure(provider.get({ id: 'db', as: 'arn:aws:iam::1:role/x' }))).toMatchObject({
      code: 'unsupported',
    })
    expect(double.asked).toHaveLength(0)
  })
})

describe('a write of stages', () => {
  it('moves a label, and is a conflict where the label is at another version than was said', async () => {
    const { provider } = await seeded()
    const { version: first = '' } = await provider.get({ id: 'db' })
    const options = { idempotencyKey: key }
    const { version: second = '' } = (await provider.write?.put({ id: 'db' }, new TextValue('second'), options)) ?? {}
    await provider.write?.moveStage?.('db', 'current', { from: second, to: first })
    expect((await provider.get({ id: 'db' })).version).toBe(first)
    expect(await failure(provider.write?.moveStage?.('db', 'current', { to: second }))).toMatchObject({
      code: 'conflict',
      reason: 'stage_elsewhere',
    })
  })

  it('is unsupported where the store has no such operation', async () => {
    const { provider } = await start(() => answer({ __type: 'UnknownOperationException' }, 400))
    const move = provider.write?.moveStage?.('db', 'label:x', { to: 'v' })
    expect(await failure(move)).toMatchObject({ code: 'unsupported' })
  })
})

describe('the state of a secret', () => {
  it('tells its versions, its changes and its deletion', async () => {
    const facts = {
      ARN: 'arn:a',
      Name: 'db',
      LastChangedDate: 1.5,
      DeletedDate: 2,
      VersionIdsToStages: { v: ['AWSCURRENT'] },
    }
    const { provider } = await start(() => answer(facts))
    expect(await provider.state?.describe([{ id: 'db' }])).toEqual([
      {
        ok: true,
        value: { id: 'arn:a', versions: new Map([['v', ['current']]]), changedAtMs: 1_500, deletedAtMs: 2_000 },
      },
    ])
  })

  it('of a secret without a value has no version', async () => {
    const { provider } = await start(() => answer({ ARN: 'arn:a', Name: 'db' }))
    const [outcome] = (await provider.state?.describe([{ id: 'db' }])) ?? []
    expect(outcome?.ok && outcome.value.versions.size).toBe(0)
  })
})

describe('a list', () => {
  const names = async (provider: SecretProvider, prefix?: string): Promise<string[]> => {
    const found: string[] = []
    for await (const { name } of provider.list?.list(prefix === undefined ? {} : { prefix }) ?? []) found.push(name)
    return found
  }

  it('leaves out what is being deleted, and asks AWS for the prefix', async () => {
    const { provider, inputs } = await start(() =>
      answer({
        SecretList: [
          { ARN: 'a', Name: 'db' },
          { ARN: 'b', Name: 'eb' },
        ],
      }),
    )
    expect(await names(provider, 'd')).toEqual(['db'])
    expect(await names(provider, '!x')).toEqual([])
    expect(inputs()).toEqual([{ MaxResults: 100, Filters: [{ Key: 'name', Values: ['d'] }] }, { MaxResults: 100 }])
  })

  it('that goes round in circles ends', async () => {
    const { provider } = await start(() => answer({ SecretList: [], NextToken: 'again' }))
    expect(await failure(names(provider))).toMatchObject({ code: 'bad_response' })
  })

  it('that has ever new pages ends', async () => {
    let pages = 0
    const client = { call: async () => ({ SecretList: [], NextToken: String(pages++) }) }
    const provider = awsProvider({ client: client as unknown as NonNullable<AwsProviderOptions['client']> })
    expect(await failure(names(provider))).toMatchObject({ code: 'bad_response' })
    expect(pages).toBe(10_000)
  })

  it('that is none is nonsense', async () => {
    const { provider } = await start(() => answer({}))
    expect(await failure(names(provider))).toMatchObject({ code: 'bad_response' })
  })
})

describe('a write', () => {
  const put = (provider: SecretProvider, id: string, ifVersion?: string | null) =>
    provider.write?.put({ id }, new TextValue('second'), {
      idempotencyKey: key,
      ...(ifVersion === undefined ? {} : { ifVersion }),
    })

  it('is sent once where the connection dies under it', async () => {
    const { provider, double } = await start((operation) => (operation === 'GetSecretValue' ? answer(whole) : 'reset'))
    await provider.get({ id: 'db' })
    expect(await failure(put(provider, 'new', null))).toMatchObject({ code: 'unavailable', reason: 'reset' })
    expect(double.asked).toHaveLength(2)
  })

  it('creates a secret that is not there, and only there where asked so', async () => {
    const { provider } = await seeded()
    expect(await put(provider, 'new')).toMatchObject({ name: 'new', version: key, stages: ['current'] })
    expect(await failure(put(provider, 'db', null))).toMatchObject({ code: 'conflict' })
  })

  it('never creates a secret for an ARN', async () => {
    const { provider, double } = await seeded()
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-AbCdEf'
    expect(await failure(put(provider, arn))).toMatchObject({ code: 'secret_not_found' })
    expect(double.asked).toHaveLength(1)
  })

  it('over a version that is no longer current is a conflict', async () => {
    const { provider } = await seeded()
    const { version = '' } = await provider.get({ id: 'db' })
    await put(provider, 'db', version)
    expect(await failure(put(provider, 'db', version))).toMatchObject({ code: 'conflict' })
  })

  it('of bytes, with labels and a key of any form, is what AWS takes', async () => {
    const { provider, inputs } = await start(() => answer({ ...whole, VersionStages: ['AWSPENDING'] }))
    const options = { idempotencyKey: 'short', stages: ['pending', 'label:x'] as const }
    const written = await provider.write?.put({ id: 'db' }, new BytesValue(Uint8Array.of(255)), options)
    expect(written?.stages).toEqual(['pending'])
    expect(inputs()).toEqual([
      {
        SecretId: 'db',
        ClientRequestToken: expect.stringMatching(/^[0-9a-f]{64}$/),
        SecretBinary: '/w==',
        VersionStages: ['AWSPENDING', 'x'],
      },
    ])
  })

  it('that removes leaves AWS the window, or takes it away', async () => {
    const { provider, inputs } = await start(() => answer({}))
    await provider.write?.remove('db', { recoverableForMs: 7 * 86_400_000 })
    await provider.write?.remove('db', { recoverableForMs: 0 })
    expect(inputs()).toEqual([
      { SecretId: 'db', RecoveryWindowInDays: 7 },
      { SecretId: 'db', ForceDeleteWithoutRecovery: true },
    ])
  })
})

describe('the provider', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: doubleCredentials.secretAccessKey }

  it('takes region, endpoint and credentials from the environment', async () => {
    const { double } = await seeded()
    const env = { ...keys, AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1', AWS_ENDPOINT_URL: double.endpoint }
    const provider = await awsFromSettings({ env, clock: fakeClock(Date.now()) })
    cleanups.push(() => provider.close?.())
    expect((await provider.get({ id: 'db' })).name).toBe('db')
  })

  it('waits for credentials until the deadline, or its end', async () => {
    const clock = fakeClock()
    const credentials = () => new Promise<never>(() => {})
    const { provider } = await seeded({ clock, credentials })
    const late = failure(provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 200 }))
    await clock.advance(200)
    expect(await late).toMatchObject({ code: 'timeout', source: 'aws' })
    const closed = failure(provider.get({ id: 'db' }))
    await provider.close?.()
    expect(await closed).toMatchObject({ code: 'closed', source: 'aws' })
  })

  it('asks a client that was given, and leaves it open', async () => {
    const calls: string[] = []
    const client = { call: async (operation: string) => (calls.push(operation), whole) }
    const provider = awsProvider({ client: client as NonNullable<AwsProviderOptions['client']> })
    await provider.get({ id: 'db' })
    await provider.close?.()
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'closed' })
    expect(calls).toEqual(['GetSecretValue'])
  })

  it('refuses plain http to another machine', () => {
    expect(() => awsProvider({ endpoint: 'http://example.com' })).toThrow(SecretsError)
  })

  it('that is told to refresh fetches its credentials anew', async () => {
    let forgotten = 0
    const source = Object.assign(async () => doubleCredentials, { forget: () => void (forgotten += 1) })
    const { provider } = await seeded({ credentials: source })
    await provider.refresh?.()
    expect(forgotten).toBe(1)
  })
})
