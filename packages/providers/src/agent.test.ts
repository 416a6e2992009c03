import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type SecretProvider, SecretsError, type SecretVersion } from '@keyplane/core'
import { encodeAgentError, encodeSecret, parseGetSecret } from '@keyplane/protocol'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Asked, type Behaviour, type HttpDouble, startHttpDouble } from '../test/http-double.ts'
import { type AgentProviderOptions, agentFromSettings, agentProvider } from './agent.ts'

const token = 'agent-token-canary'
const whole = '{"ARN":"arn:a","Name":"db","VersionId":"v","SecretString":"value-canary","CreatedDate":"1569534789.046"}'

const refused = (code: ConstructorParameters<typeof SecretsError>[0], type: string, message: string): Behaviour =>
  encodeAgentError(
    new SecretsError(code, '', { upstream: { protocol: 'aws-json-1.1', code: type, status: 400, message } }),
  )

/** The agent's own wire, over a map of secrets. */
const agentOver =
  (versions: ReadonlyMap<string, SecretVersion>) =>
  (asked: Asked): Behaviour => {
    if (asked.headers['x-aws-parameters-secrets-token'] !== token) return { status: 403, body: 'Bad Token' }
    const request = parseGetSecret(asked.target)
    if (!request.ok) return request
    const { secretId, versionId } = request
    if (secretId === 'DENIED') return refused('access_denied', 'AccessDeniedException', 'no')
    const version = versions.get(secretId)
    if (!version)
      return refused(
        'secret_not_found',
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      )
    if (versionId !== undefined && versionId !== version.version)
      return refused(
        'version_not_found',
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for VersionId: ${versionId}`,
      )
    return { body: encodeSecret(version) }
  }

describeProvider(
  'agent',
  async (seed) => {
    const versions = seed.map(({ name, value }): [string, SecretVersion] => [
      name,
      { id: `arn:${name}`, name, version: `v-${name}`, stages: ['current'], value },
    ])
    const double = await startHttpDouble(agentOver(new Map(versions)))
    return {
      provider: agentProvider({ endpoint: double.endpoint, token }),
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
)

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (
  behave: (asked: Asked) => Behaviour,
  options: Partial<AgentProviderOptions> = {},
): Promise<{ double: HttpDouble; provider: SecretProvider }> => {
  const double = await startHttpDouble(behave)
  const provider = agentProvider({ endpoint: double.endpoint, token, ...options })
  cleanups.push(() => provider.close?.(), double.stop)
  return { double, provider }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

const tokenFile = async (text: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'agent-token-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  const file = join(folder, 'token')
  await writeFile(file, text)
  return file
}

describe('a read through the agent', () => {
  it('carries the token in its header and the whole ref in its query', async () => {
    const { provider, double } = await start(() => ({ body: whole }))
    const as = 'arn:aws:iam::123456789012:role/x'
    await provider.get({ id: 'a/b c', version: 'v', stage: 'previous', as }, { freshness: { maxAgeMs: 0 } })
    await provider.get({ id: 'db' }, { freshness: { maxAgeMs: 1 } })
    expect(double.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET /secretsmanager/get?secretId=a%2Fb+c&versionId=v&versionStage=AWSPREVIOUS' +
        '&roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx&refreshNow=true',
      'GET /secretsmanager/get?secretId=db',
    ])
    expect(double.asked[0]?.headers['x-aws-parameters-secrets-token']).toBe(token)
  })

  it('may carry it in another header', async () => {
    const { provider, double } = await start(() => ({ body: whole }), { tokenHeader: 'X-Vault-Token' })
    await provider.get({ id: 'db' })
    expect(double.asked[0]?.headers['x-vault-token']).toBe(token)
  })

  it.each<[number, string, object]>([
    [403, 'Bad Token', { code: 'unauthenticated', reason: 'bad_token' }],
    [403, 'Forwarded', { code: 'access_denied', reason: 'forwarded' }],
    [400, 'Forwarded', { code: 'access_denied', reason: 'forwarded' }],
    [403, 'Unknown host', { code: 'access_denied', reason: 'unknown_host' }],
    [429, 'Connection limit exceeded', { code: 'rate_limited' }],
    [404, 'Not found', { code: 'source_misconfigured' }],
    [405, 'Not allowed', { code: 'source_misconfigured' }],
    [400, 'missing parameter secretId', { code: 'invalid_request' }],
    [400, 'unknown parameter: roleArn', { code: 'unsupported' }],
    [404, '<html>value-canary', { code: 'bad_response' }],
    [403, 'RBAC: access denied, value-canary', { code: 'access_denied' }],
    [403, '', { code: 'access_denied' }],
    [401, 'value-canary', { code: 'unauthenticated' }],
    [403, '{"__type":"AccessDeniedException","message":"denied for agent-token-canary"}', { code: 'access_denied' }],
    [400, 'invalid agent-token-canary', { code: 'invalid_request' }],
    [400, 'value-canary', { code: 'bad_response' }],
    [502, '<html>value-canary', { code: 'unavailable' }],
    [502, '{"__type":"ConnectionError","message":"Read Error"}', { code: 'unavailable', reason: 'upstream' }],
    [504, '{"__type":"TimeoutError", "message":"Timeout"}', { code: 'timeout', reason: 'upstream' }],
    [500, '{"__type":"InternalFailure"}', { code: 'unavailable' }],
    [400, '{"__type":"ThrottlingException","message":"Rate exceeded"}', { code: 'rate_limited' }],
    [
      400,
      '{"__type":"AccessDeniedException","message":"Access to KMS is not allowed"}',
      { code: 'access_denied', reason: 'kms' },
    ],
    [
      400,
      '{"__type":"ResourceNotFoundException","message":"Secrets Manager can\'t find the specified secret."}',
      { code: 'secret_not_found' },
    ],
    [200, 'healthy', { code: 'bad_response' }],
    [200, '{"ARN":"a"}', { code: 'bad_response' }],
    [301, '', { code: 'bad_response' }],
  ])('that is answered %i %j fails as %j', async (status, body, expected) => {
    const { provider } = await start(() => ({ status, body }))
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ ...expected, source: 'agent' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it('is told in no more than 4,096 characters', async () => {
    const body = JSON.stringify({ __type: 'X', message: 'm'.repeat(5_000_000) })
    const { provider } = await start(() => ({ status: 400, body }))
    const error = (await failure(provider.get({ id: 'db' }))) as SecretsError
    expect(error.upstream?.message).toHaveLength(4_096)
    expect(error.message.length).toBeLessThan(4_200)
  })

  it('is refused for half a character, which would be asked for as another id', async () => {
    const { provider, double } = await start(() => ({ body: whole }))
    expect(await failure(provider.get({ id: 'a\ud800' }))).toMatchObject({ code: 'invalid_request' })
    expect(double.asked).toHaveLength(0)
  })

  it("keeps AWS's own words", async () => {
    const { provider } = await start(() => ({
      status: 400,
      body: '{"__type":"InvalidParameterException","message":"m"}',
    }))
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({
      upstream: { protocol: 'aws-agent', code: 'InvalidParameterException', status: 400, message: 'm' },
    })
  })

  it.each<[Behaviour, string]>([
    ['reset', 'unavailable'],
    ['truncate', 'unavailable'],
    ['nonsense', 'bad_response'],
    [{ body: Uint8Array.of(0x22, 0xff) }, 'bad_response'],
  ])('that meets the fault %j fails as %s', async (behaviour, code) => {
    const { provider } = await start(() => behaviour)
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code })
  })

  it('ends with the reason of its signal, or at its deadline', async () => {
    const clock = fakeClock()
    const { provider, double } = await start(() => 'hang', { clock })
    const controller = new AbortController()
    const reason = new Error('the caller left')
    const aborted = failure(provider.get({ id: 'db' }, { signal: controller.signal }))
    while (double.asked.length < 1) await clock.advance(0)
    controller.abort(reason)
    expect(await aborted).toBe(reason)
    const late = failure(provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 100 }))
    while (double.asked.length < 2) await clock.advance(0)
    await clock.advance(100)
    expect(await late).toMatchObject({ code: 'timeout' })
  })
})

describe("the agent's token", () => {
  const wanting =
    (wanted: string) =>
    (asked: Asked): Behaviour =>
      asked.headers['x-aws-parameters-secrets-token'] === wanted ? { body: whole } : { status: 403, body: 'Bad Token' }

  it('may stand in a file, which is read again when the agent refuses it', async () => {
    const file = await tokenFile('first\n')
    let wanted = 'first'
    const { provider, double } = await start((asked) => wanting(wanted)(asked), { token: { file } })
    await provider.get({ id: 'db' })
    wanted = 'second'
    await writeFile(file, 'second\n')
    expect((await provider.get({ id: 'db' })).version).toBe('v')
    expect(double.asked).toHaveLength(3)
  })

  it('that stays the same is not sent twice', async () => {
    const { provider, double } = await start(wanting('another'), { token: { file: await tokenFile('first') } })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'unauthenticated' })
    expect(double.asked).toHaveLength(1)
  })

  it.each(['', ' \n', 'a b', 'a\r\nX-Evil: 1', 'ü'])('%j can not be sent', async (bad) => {
    const { provider, double } = await start(() => ({ body: whole }), { token: bad })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'source_misconfigured', reason: 'token' })
    expect(double.asked).toHaveLength(0)
  })

  it('in a file that is not there is a mistake', async () => {
    const { provider } = await start(() => ({ body: whole }), { token: { file: '/nowhere/token' } })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'source_misconfigured', reason: 'token' })
  })

  it('comes from the settings', async () => {
    const { double } = await start(wanting('first'))
    const file = await tokenFile('first')
    const from = async (env: Record<string, string>) => {
      const all = { KEYPLANE_AGENT_ENDPOINT: double.endpoint, ...env }
      const provider = await agentFromSettings({ env: all, clock: fakeClock() })
      cleanups.push(() => provider.close?.())
      return (await provider.get({ id: 'db' })).version
    }
    expect(await from({ SECRETS_AGENT_TOKEN_FILE: file })).toBe('v')
    expect(await from({ KEYPLANE_AGENT_TOKEN: 'first', AWS_TOKEN: 'x' })).toBe('v')
    expect(await from({ AWS_TOKEN: `file://${file}`, AWS_SESSION_TOKEN: 'x' })).toBe('v')
    expect(await failure(from({}))).toMatchObject({ code: 'config_invalid' })
  })
})

describe('the endpoint of the agent', () => {
  it('on another machine needs https', () => {
    expect(() => agentProvider({ endpoint: 'http://10.0.0.1:2773', token })).toThrow(/plain http/)
    expect(() => agentProvider({ endpoint: 'http://10.0.0.1:2773', token, allowInsecureHttp: true })).not.toThrow()
  })
})
