import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { type SecretValue, systemClock, systemRandom, TextValue, uuid } from '@keyplane/core'
import type { Rotator } from '@keyplane/rotation'
import { describeRotator, type RotatorFixture } from '@keyplane/rotation/testing'
import { fileRootKey } from '@keyplane/sealing'
import { parseIam, type RunningStore, startStore } from '@keyplane/store'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type FunctionHost, startFunctionHost } from '../../../packages/cli/src/lambda-host/invoke-api.ts'
import { functionRotator } from '../../../packages/store/src/rotation/function-rotator.ts'
import { RotationFunctions } from '../../../packages/store/src/rotation/rotation-functions.ts'
import { account, developer, iamFile, region } from '../../../packages/store/test/test-store.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { engines, makeUser, superuserOf } from './rotated-user.ts'
import { changed } from './rotator-fixture.ts'
import { accepts } from './stored-logins.ts'

const folder = mkdtempSync(join(tmpdir(), 'function-rotator-'))
const names = ['single', 'alternating'] as const
const arnOf = (name: string): string => `arn:aws:lambda:${region}:${account}:function:${name}`

let server: ScratchServer
let store: RunningStore
let host: FunctionHost
let client: SecretsManagerClient
/** What the store calls in the functions' place: they can be invoked, and do nothing, so that each step is the rules' to ask for. */
let idle: Server

beforeAll(async () => {
  server = await ScratchServer.start()
  idle = createServer((request, response) => {
    response.writeHead(request.headers['x-amz-invocation-type'] === 'DryRun' ? 204 : 500).end()
  })
  await new Promise<void>((resolve) => idle.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(idle.address() as AddressInfo).port}`
  store = await startStore({
    databasePath: join(folder, 'store.db'),
    rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
    iam: parseIam(iamFile()),
    port: 0,
    functions: { url, region, credentials: developer },
  })
  host = await startFunctionHost({
    functions: names.map((name) => ({
      name,
      runtime: 'nodejs',
      handler: `postgres.${name}`,
      folder: join(import.meta.dirname, 'functions'),
      environment: {},
      timeoutMs: 30_000,
    })),
    accessKey: developer,
    account,
    region,
    environment: () => ({
      PATH: process.env['PATH'] ?? '',
      AWS_ACCESS_KEY_ID: developer.accessKeyId,
      AWS_SECRET_ACCESS_KEY: developer.secretAccessKey,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: store.url,
    }),
    onLine: () => undefined,
    clock: systemClock,
    random: systemRandom,
  })
  client = new SecretsManagerClient({ region, endpoint: store.url, credentials: developer })
})
afterAll(async () => {
  client.destroy()
  await store.close()
  await host.close()
  idle.close()
  await server.stop()
  rmSync(folder, { recursive: true })
})

let secrets = 0
const stored = async (value: SecretValue): Promise<string> => {
  const Name = `rotated/${(secrets += 1)}`
  const { ARN = '' } = await client.send(new CreateSecretCommand({ Name, SecretString: String(value.reveal()) }))
  return ARN
}

/** The rotator of a function. RotateSecret makes its pending version, empty, of a secret that has the current value. */
const rotatorOf = (name: string): Rotator => {
  /** Secrets by their pending versions. */
  const arns = new Map<string, string>()
  const functions = new RotationFunctions({ url: host.url, region, credentials: developer }, systemClock)
  const rotator = functionRotator({
    step: (Step, _, ClientRequestToken, signal) => {
      const SecretId = arns.get(ClientRequestToken) ?? ''
      const event = { Step, SecretId, ClientRequestToken, RotationToken: uuid(systemRandom) }
      return functions.invoke(arnOf(name), event, signal)
    },
    versions: {
      read: async (_, VersionId) => {
        const SecretId = arns.get(VersionId)
        if (SecretId === undefined) return undefined
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId, VersionId }))
        return SecretString === undefined ? undefined : new TextValue(SecretString)
      },
    },
  })
  const create = rotator.create.bind(rotator)
  rotator.create = async (call, current) => {
    const SecretId = await stored(current)
    const asked = { SecretId, ClientRequestToken: call.pendingVersion, RotationLambdaARN: arnOf(name) }
    await client.send(new RotateSecretCommand(asked))
    arns.set(call.pendingVersion, SecretId)
    return create(call, current)
  }
  return rotator
}

let users = 0
const fixtureOf = async (name: (typeof names)[number]): Promise<RotatorFixture> => {
  const user = `function${(users += 1)}`
  const login = await makeUser(server, user)
  return {
    rotator: rotatorOf(name),
    first: name === 'single' ? login : changed(login, { masterarn: await stored(superuserOf(server)) }),
    clock: systemClock,
    random: systemRandom,
    accepts,
    lower: () => server.pause(),
    raise: () => server.resume(),
    meddle: async () => void (await server.query(engines.postgres.changing(user, 'somebody-elses'))),
  }
}

const lacks = {
  revert: 'AWS has no step that takes a credential back',
  old: 'AWS’s testSecret is for the pending version alone',
}

describeRotator(
  'a function of AWS Lambda for one user of PostgreSQL',
  () => fixtureOf('single'),
  { describe, it },
  { ...lacks, meddle: 'whether it repairs what somebody changed is the function’s to know; this one cannot' },
)

describeRotator(
  'a function of AWS Lambda for two users of PostgreSQL',
  () => fixtureOf('alternating'),
  { describe, it },
  lacks,
)
