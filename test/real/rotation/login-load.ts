import { type SecretProvider, SecretsError, type SecretVersion, systemClock, systemRandom } from '@keyplane/core'
import { rotationEngine } from '@keyplane/rotation'
import { memoryJournal, type MemoryVersions, memoryVersions } from '@keyplane/rotation/testing'
import { openSecrets, type SecretsManager } from '@keyplane/secrets'
import { type Kind, kinds, makeUser, type RotatedServer, superuserOf } from './rotated-user.ts'
import { logInWith } from './stored-logins.ts'

const secretId = 'prod/db'

interface Client {
  readonly cacheTtl: number | string
  readonly logIn: (secrets: SecretsManager) => Promise<void>
}

/** Has what is stored, perhaps as it was a moment ago, and logs in with it once: a refused login is a failed one. */
const plainLogin = async (secrets: SecretsManager): Promise<void> =>
  logInWith((await secrets.getSecret(secretId)) ?? '')

/** How a client comes by the login that it uses. What is cached for an hour is refused after the next rotation but one. */
const clients = {
  'withSecret, cached for an hour': {
    cacheTtl: '1h',
    logIn: (secrets) => secrets.withSecret(secretId, logInWith),
  },
  'read for each login': { cacheTtl: 0, logIn: plainLogin },
  'read, cached for half a second': { cacheTtl: '500ms', logIn: plainLogin },
  'read, cached for an hour': { cacheTtl: '1h', logIn: plainLogin },
} satisfies Readonly<Record<string, Client>>

export type ClientName = keyof typeof clients

export interface LoadedRotations {
  readonly server: RotatedServer
  readonly kind: Kind
  readonly client: ClientName
  readonly user: string
  readonly rotations: number
  /** From the end of one to the beginning of the next. */
  readonly everyMs: number
  readonly loginsPerSecond: number
}

export interface LoginLoad {
  readonly failures: readonly unknown[]
  /** How long each took. */
  readonly waitsMs: readonly number[]
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Logs in all the while that a user's password is rotated, time after time. */
export const logInThroughRotations = async (parts: LoadedRotations): Promise<LoginLoad> => {
  const { server, kind, user, rotations, everyMs, loginsPerSecond } = parts
  const client: Client = clients[parts.client]
  const versions = memoryVersions({ versionId: 'v0', value: await makeUser(server, user) })
  const rotator = kinds[kind]({ admin: superuserOf(server), timeoutMs: 5_000 })
  const journal = memoryJournal(systemClock)
  const engine = rotationEngine({ journal, versions, rotators: [rotator], clock: systemClock, random: systemRandom })
  const { cacheTtl } = client
  const secrets = openSecrets({ providers: [providerOver(versions)], environment: false, env: {}, cacheTtl })
  const load = steadyLoad(loginsPerSecond, () => client.logIn(secrets))
  for (let round = 0; round < rotations; round += 1) {
    await wait(everyMs)
    await engine.begin({ secretId, rotator: rotator.name })
    const { status } = await engine.advance(secretId)
    const entry = await journal.load(secretId)
    if (status !== 'ended' || entry?.rotation.state !== 'finished')
      throw new Error(`A rotation did not finish: ${status}`)
  }
  await wait(300)
  const result = await load.stop()
  await secrets.close()
  return result
}

/** What readers get, as a provider gives it. */
const providerOver = (versions: MemoryVersions): SecretProvider => ({
  name: 'rotated',
  get: async ({ id, stage = 'current' }): Promise<SecretVersion> => {
    const version = versions.stages.get(stage as 'current')
    const value = version !== undefined && versions.values.get(version)
    if (!value) throw new SecretsError('version_not_found', `There is no ${stage} version.`)
    return Object.freeze({ id, version, stages: [stage], value })
  },
})

/** So many a second, each whether or not the others are done. */
const steadyLoad = (perSecond: number, act: () => Promise<void>): { stop(): Promise<LoginLoad> } => {
  const failures: unknown[] = []
  const waitsMs: number[] = []
  const all: Promise<void>[] = []
  const one = async (): Promise<void> => {
    const startedMs = performance.now()
    await act().catch((error: unknown) => void failures.push(error))
    waitsMs.push(performance.now() - startedMs)
  }
  const timer = setInterval(() => all.push(one()), 1_000 / perSecond)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(all)
      return { failures, waitsMs }
    },
  }
}
