/** Measures the library and its peers in this process, against the store that the environment names; prints the times. */
import { TextValue } from '@keyplane/core'
import { openSecrets, type SecretsManager } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'
import { bareUpstream } from './bare-upstream.ts'
import { timeLogLines } from './log-lines.ts'
import { type Act, timeEach, timePerCall } from './time-per-call.ts'

export interface Measurements {
  readonly sync: Readonly<Record<string, number>> | undefined
  readonly cached: Readonly<Record<string, number>>
  readonly environment: Readonly<Record<string, number>>
  readonly refresh: Readonly<Record<string, number>>
  readonly fresh: Readonly<Record<string, number>>
  readonly logLine: Readonly<Record<string, number>>
}

interface Peers {
  readonly powertools: Readonly<Record<'cached' | 'cachedJson' | 'fresh', () => Promise<unknown>>>
  readonly middy: Readonly<Record<'cached', () => Promise<unknown>>>
  readonly sdk: Readonly<Record<'fresh', () => Promise<unknown>>>
  close(): void
}

const secretId = 'bench/json'
const secretText = JSON.stringify({ username: 'app', password: 'x'.repeat(980) })
const names = Array.from({ length: 100 }, (_, index) => `bench/${String(index).padStart(3, '0')}`)

const env = process.env as Readonly<Record<string, string>>

const writeSecrets = async (): Promise<void> => {
  const aws = awsProvider({ env })
  for (const [index, id] of [secretId, ...names].entries())
    await aws.write?.put({ id }, new TextValue(secretText), {
      idempotencyKey: `bench-secret-of-the-library-${String(index).padStart(8, '0')}`,
      ifVersion: null,
    })
  await aws.close?.()
}

const openPeers = async (): Promise<Peers> => {
  // Apart from the workspace: it has packages, and no types, of its own.
  const path = '../peers/open-peers.mjs'
  const { openPeers: open } = (await import(path)) as { openPeers: (config: object, id: string) => Peers }
  const credentials = {
    accessKeyId: env['AWS_ACCESS_KEY_ID'],
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'],
  }
  return open({ region: env['AWS_REGION'], endpoint: env['AWS_ENDPOINT_URL_SECRETS_MANAGER'], credentials }, secretId)
}

const timeCached = (secrets: SecretsManager, { powertools, middy }: Peers) =>
  timePerCall(
    {
      getSecret: () => secrets.getSecret(secretId),
      getSecretJson: () => secrets.getSecretJson(secretId),
      powertools: powertools.cached,
      powertoolsJson: powertools.cachedJson,
      middy: middy.cached,
      resolved: () => Promise.resolve(secretText),
    },
    { waits: true },
  )

const timeSync = async (secrets: SecretsManager): Promise<Measurements['sync']> => {
  const { getSecretSync } = secrets as { getSecretSync?: (key: string) => unknown }
  if (!getSecretSync) return undefined
  return timePerCall({ getSecretSync: () => getSecretSync.call(secrets, secretId) }, { waits: false })
}

/** Without a `.env` beside it, as in a container. */
const timeEnvironment = async (): Promise<Measurements['environment']> => {
  const variables = Object.fromEntries(names.map((name) => [name.replaceAll(/\W/g, '_').toUpperCase(), secretText]))
  const secrets = openSecrets({ provider: 'env', env: { ...variables, SECRETS_ENV_FOLDER: '/nonexistent' } })
  const times = await timePerCall(
    { getSecret: () => secrets.getSecret('BENCH_001'), listSecrets: () => secrets.listSecrets() },
    { waits: true },
  )
  const { refresh = Number.NaN } = await timeEach({ refresh: { act: () => secrets.refresh() } }, 200)
  await secrets.close()
  return { ...times, refresh }
}

/** The real provider over a client in memory: what a refresh drops is filled again in no time. */
const timeRefresh = async (): Promise<Measurements['refresh']> => {
  const call = async (_operation: string, { SecretId: Name = '' }: { readonly SecretId?: string }) => ({
    ARN: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${Name}-AbCdEf`,
    Name,
    VersionId: '00000000-0000-4000-8000-000000000000',
    VersionStages: ['AWSCURRENT'],
    SecretString: secretText,
  })
  const aws = awsProvider({ client: { call: call as never }, env })
  const secrets = openSecrets({ providers: [aws], environment: false, env: {} })
  const fill = () => Promise.all(names.map((name) => secrets.getSecret(name)))
  const times = await timeEach(
    { full: { before: fill, act: () => secrets.refresh() }, wait: { before: fill, act: () => undefined } },
    4_000,
  )
  await secrets.close()
  return times
}

/** What an answer that is not cached costs over the upstream's own time. */
const timeFresh = async (secrets: SecretsManager, { sdk, powertools }: Peers): Promise<Measurements['fresh']> => {
  const get = bareUpstream(env, 'GetSecretValue', { SecretId: secretId })
  const list = bareUpstream(env, 'ListSecrets', { MaxResults: 100 })
  const acts: Record<string, Act> = {
    upstreamGet: { act: get.call },
    get: { before: () => secrets.refresh(secretId), act: () => secrets.getSecret(secretId) },
    sdkGet: { act: sdk.fresh },
    powertoolsGet: { act: powertools.fresh },
    upstreamList: { act: list.call },
    list: { act: () => secrets.listSecrets('bench/0') },
  }
  await timeEach(acts, 50)
  const times = await timeEach(acts, 300)
  get.close()
  list.close()
  return times
}

const measure = async (): Promise<Measurements> => {
  await writeSecrets()
  const secrets = openSecrets({ provider: 'aws', env, environment: false, strict: true })
  const peers = await openPeers()
  await secrets.getSecret(secretId)
  const measurements = {
    sync: await timeSync(secrets),
    cached: await timeCached(secrets, peers),
    environment: await timeEnvironment(),
    refresh: await timeRefresh(),
    fresh: await timeFresh(secrets, peers),
    logLine: await timeLogLines(),
  }
  await secrets.close()
  peers.close()
  return measurements
}

process.stdout.write(JSON.stringify(await measure()))
