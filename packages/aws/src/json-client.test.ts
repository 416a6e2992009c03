import { inspect } from 'node:util'
import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type AwsDouble, type Behaviour, startAwsDouble } from '../test/aws-double.ts'
import type { AwsCredentials } from './credentials.ts'
import { type AwsJsonClient, type AwsJsonClientOptions, awsJsonClient } from './json-client.ts'
import type { SecretsManagerOperations } from './shapes/operations.ts'
import { verifySignature } from './sigv4/verify.ts'

const credentials: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session-token-canary',
}
const value = { ARN: 'arn:x', Name: 'db', VersionId: 'v', SecretString: 'value-canary', VersionStages: ['AWSCURRENT'] }
const ok: Behaviour = { body: JSON.stringify(value) }

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (
  behave: Parameters<typeof startAwsDouble>[0],
  options: Partial<AwsJsonClientOptions> = {},
): Promise<{ double: AwsDouble; client: AwsJsonClient<SecretsManagerOperations> }> => {
  const double = await startAwsDouble(behave)
  const client = awsJsonClient({
    region: 'eu-west-1',
    endpoint: double.endpoint,
    credentials: async () => credentials,
    ...options,
  })
  cleanups.push(() => client.close(), double.stop)
  return { double, client }
}

const failure = async (promise: Promise<unknown>): Promise<SecretsError> => {
  const thrown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof SecretsError)) throw thrown
  return thrown
}

const get = (client: AwsJsonClient<SecretsManagerOperations>, options = {}) =>
  client.call('GetSecretValue', { SecretId: 'db' }, options)

const awsError = (name: string, message: string, status = 400, headers = {}): Behaviour => ({
  status,
  headers,
  body: JSON.stringify({ __type: name, Message: message }),
})

describe('a call', () => {
  it('is a POST that our verifier accepts, and gives the answer', async () => {
    const { client, double } = await start(() => ok)
    expect(await get(client)).toEqual(value)
    const [asked] = double.asked
    expect(asked).toMatchObject({ method: 'POST', target: '/', text: '{"SecretId":"db"}' })
    expect(asked?.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
      'user-agent': 'keyplane',
    })
    const options = { findSecretKey: () => credentials, services: ['secretsmanager'], region: 'eu-west-1' }
    expect(asked && verifySignature(asked, { ...options, nowMs: Date.now() })).toMatchObject({ ok: true })
  })

  it('reuses its connection', async () => {
    const { client, double } = await start(() => ok)
    for (let count = 0; count < 5; count += 1) await get(client)
    expect(double.connections).toBe(1)
  })

  it('is sent once more where the server had closed the idle connection', async () => {
    let cutting = false
    const { client, double } = await start(() => {
      if (!cutting) return ok
      cutting = false
      return 'reset'
    })
    await get(client)
    cutting = true
    expect(await get(client)).toEqual(value)
    expect(double.asked).toHaveLength(3)
  })

  it.each(['PutSecretValue', 'DeleteSecret', 'UpdateSecretVersionStage'] as const)(
    'that writes is sent once, whatever the connection does: %s',
    async (operation) => {
      const { client, double } = await start(({ headers }) =>
        headers['x-amz-target'] === 'secretsmanager.GetSecretValue' ? ok : 'reset',
      )
      await get(client)
      const write = client.call(operation, { SecretId: 'db', VersionStage: 'x' })
      expect(await failure(write)).toMatchObject({ code: 'unavailable', reason: 'reset' })
      expect(double.asked).toHaveLength(2)
    },
  )

  it('that writes does not fail by a kept connection that the server has closed meanwhile', async () => {
    const { client, double } = await start(() => ok)
    await get(client)
    double.cut()
    expect(await client.call('PutSecretValue', { SecretId: 'db', SecretString: 'x' })).toEqual(value)
    expect(double.asked).toHaveLength(2)
  })

  it('is not sent again where a new connection is reset', async () => {
    const { client, double } = await start(() => 'reset')
    expect(await failure(get(client))).toMatchObject({ code: 'unavailable', reason: 'reset', source: 'aws' })
    expect(double.asked).toHaveLength(1)
  })

  it('ends with the reason of its signal, before and amid the answer', async () => {
    const { client } = await start(() => 'hang')
    const reason = new Error('the caller left')
    await expect(get(client, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const call = get(client, { signal: controller.signal })
    setImmediate(() => controller.abort(reason))
    await expect(call).rejects.toBe(reason)
  })

  it('ends after its time', async () => {
    const clock = fakeClock()
    const { client, double } = await start(() => 'hang', { clock })
    const call = failure(get(client, { timeoutMs: 500 }))
    while (double.asked.length === 0) await clock.advance(0)
    await clock.advance(500)
    expect(await call).toMatchObject({ code: 'timeout', message: expect.stringContaining('500 ms') })
    expect(clock.waiting).toBe(0)
  })

  it('fails with closed after close, under way or new', async () => {
    const { client, double } = await start(() => 'hang')
    const call = failure(get(client))
    while (double.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    client.close()
    expect((await call).code).toBe('closed')
    expect((await failure(get(client))).code).toBe('closed')
  })
})

describe('an answer', () => {
  it.each<[string, Behaviour, string]>([
    ['that is no JSON', { body: '<html>value-canary' }, 'bad_response'],
    ['that is no object', { body: '["value-canary"]' }, 'bad_response'],
    ['that is not UTF-8', { body: Uint8Array.of(0x22, 0xff, 0x22) }, 'bad_response'],
    ['that is empty', { body: '' }, 'bad_response'],
    ['that is no HTTP', 'nonsense', 'bad_response'],
    ['that is too long', { body: `"${'x'.repeat(2000)}"` }, 'bad_response'],
    ['that redirects', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'bad_response'],
    ['that is a nameless 400', { status: 400, body: '{}' }, 'bad_response'],
    ['that is cut short', 'truncate', 'unavailable'],
    ['that is a 502 of a proxy', { status: 502, body: '<html>' }, 'unavailable'],
    ['that is a 403 of a proxy', { status: 403, body: '<html>' }, 'access_denied'],
    ['that is a 404 of a proxy', { status: 404, body: '<html>' }, 'bad_response'],
  ])('%s is told apart', async (_, behaviour, code) => {
    const { client } = await start(() => behaviour, { maxAnswerBytes: 1000 })
    const error = await failure(get(client))
    expect(error.code).toBe(code)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary/)
  })

  it('keeps what AWS said word for word', async () => {
    const message = "Secrets Manager can't find the specified secret."
    const { client } = await start(() => awsError('com.amazonaws.secretsmanager#ResourceNotFoundException', message))
    expect(await failure(get(client))).toMatchObject({
      code: 'secret_not_found',
      source: 'aws',
      message: `GetSecretValue: AWS answered ResourceNotFoundException: ${message}`,
      upstream: { protocol: 'aws-json-1.1', code: 'ResourceNotFoundException', status: 400, message },
    })
  })

  it('may name its error in a header', async () => {
    const headers = { 'x-amzn-errortype': 'AccessDeniedException:http://internal.amazon.com/' }
    const { client } = await start(() => ({ status: 400, headers, body: '{"message":"no"}' }))
    expect(await failure(get(client))).toMatchObject({ code: 'access_denied', upstream: { message: 'no' } })
  })

  it('says how long to wait', async () => {
    const { client } = await start(() => awsError('ThrottlingException', 'Rate exceeded', 400, { 'retry-after': '2' }))
    expect(await failure(get(client))).toMatchObject({ code: 'rate_limited', retryAfterMs: 2_000 })
  })

  it('that quotes the value which it refuses is masked', async () => {
    const { client } = await start(({ text }) =>
      awsError('ValidationException', `bad: ${JSON.parse(text).SecretString}`),
    )
    const error = await failure(client.call('PutSecretValue', { SecretId: 'db', SecretString: 'value-canary' }))
    expect(error.upstream?.message).toBe('bad: [secret]')
    expect(inspect(error)).not.toMatch(/canary/)
  })

  it('that quotes the request as it should have been signed gives no credentials away', async () => {
    const said = 'The request signature we calculated does not match the signature you provided.'
    const { client } = await start(({ headers }) =>
      awsError(
        'InvalidSignatureException',
        `${said}\n\nThe Canonical String for this request should have been\n'POST\n/\n\nhost:x\n` +
          `x-amz-security-token:${String(headers['x-amz-security-token'])}\n'`,
      ),
    )
    const error = await failure(get(client))
    expect(error).toMatchObject({
      code: 'unauthenticated',
      message: `GetSecretValue: AWS answered InvalidSignatureException: ${said}`,
      upstream: { message: said },
    })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary|Canonical/)
  })

  it('that echoes the credentials anywhere is told without them', async () => {
    const { client } = await start(({ headers }) => {
      const token = String(headers['x-amz-security-token'])
      return awsError(`Odd${token}`, `refused: ${token} ${credentials.secretAccessKey}`)
    })
    const error = await failure(get(client))
    expect(error.upstream).toMatchObject({ code: 'Odd[secret]', message: 'refused: [secret] [secret]' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary|wJalr/)
  })

  it('is told in no more than 4,096 characters', async () => {
    const { client } = await start(() => awsError('X'.repeat(100_000), 'm'.repeat(5_000_000)))
    const error = await failure(get(client))
    expect(error.upstream?.message).toHaveLength(4_096)
    expect(error.message.length).toBeLessThan(4_500)
  })

  it('that refuses the credentials makes their source forget them', async () => {
    let forgotten = 0
    const source = Object.assign(async () => credentials, { forget: () => void (forgotten += 1) })
    const { client } = await start(() => awsError('ExpiredTokenException', 'expired'), { credentials: source })
    const error = await failure(get(client))
    expect(error).toMatchObject({ code: 'unauthenticated', reason: 'expired_token' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary|wJalr/)
    expect(forgotten).toBe(1)
  })
})

describe('credentials that do not come', () => {
  const hanging = () => new Promise<AwsCredentials>(() => {})

  it('hold a call no longer than its time', async () => {
    const clock = fakeClock()
    const { client } = await start(() => ok, { clock, credentials: hanging })
    const call = failure(get(client, { timeoutMs: 500 }))
    await clock.advance(500)
    expect(await call).toMatchObject({ code: 'timeout', reason: 'credentials' })
  })

  it('hold a call no longer than its caller, or the client', async () => {
    const { client } = await start(() => ok, { credentials: hanging })
    const reason = new Error('left')
    const controller = new AbortController()
    const left = get(client, { signal: controller.signal })
    controller.abort(reason)
    await expect(left).rejects.toBe(reason)
    const closed = failure(get(client))
    client.close()
    expect(await closed).toMatchObject({ code: 'closed', source: 'aws' })
  })

  it('leave the answer what is left of the time', async () => {
    const clock = fakeClock()
    const slow = async () => {
      await new Promise<void>((resolve) => clock.after(300, resolve))
      return credentials
    }
    const { client, double } = await start(() => 'hang', { clock, credentials: slow })
    const call = failure(get(client, { timeoutMs: 500 }))
    await clock.advance(300)
    while (double.asked.length === 0) await clock.advance(0)
    await clock.advance(200)
    expect(await call).toMatchObject({ code: 'timeout', message: expect.stringContaining('200 ms') })
  })
})

describe('an endpoint', () => {
  it('that nobody listens on is unavailable', async () => {
    const { client, double } = await start(() => ok)
    await double.stop()
    expect(await failure(get(client))).toMatchObject({ code: 'unavailable', reason: 'refused' })
  })

  it('of another machine needs https', () => {
    const options = { region: 'eu-west-1', endpoint: 'http://example.com', credentials: async () => credentials }
    expect(() => awsJsonClient(options)).toThrow(/plain http/)
  })
})
