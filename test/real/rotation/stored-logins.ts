import { type SecretValue, TextValue } from '@keyplane/core'
import type { StoredVersion } from '@keyplane/rotation'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { logInToRedis } from './redis-login.ts'

interface Login {
  /** Absent: PostgreSQL. */
  readonly engine?: string
  /** Of an API, which takes `key` instead of a password. */
  readonly endpoint: string
  readonly key: string
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly dbname: string
}

/** Logs in with a value, and out again. @throws what the server or the connection says */
export const logInWith = async (text: string): Promise<void> => {
  const login = JSON.parse(text) as Login
  const { engine, host, port, username: user, password, dbname: database } = login
  if (engine === 'http') return showKey(login)
  if (engine === 'redis') return logInToRedis(new TextValue(text))
  if (engine === 'mariadb') return (await createConnection({ host, port, user, password })).end()
  const client = new Client({ host, port, user, password, database })
  client.on('error', () => undefined)
  await client.connect()
  await client.end()
}

const showKey = async ({ endpoint, key }: Login): Promise<void> => {
  const { status } = await fetch(`${endpoint}/v1/me`, { headers: { authorization: `Bearer ${key}` } })
  if (status !== 200) throw Object.assign(new Error(`The API answered ${status}.`), { code: `HTTP ${status}` })
}

const refusals: ReadonlySet<string | undefined> = new Set(['28P01', 'ER_ACCESS_DENIED_ERROR', 'HTTP 401'])

/** Whether the server takes a login. */
export const accepts = (value: SecretValue): Promise<boolean> =>
  logInWith(String(value.reveal())).then(
    () => true,
    (error: { code?: string; message: string }) => {
      if (refusals.has(error.code) || error.message.startsWith('WRONGPASS')) return false
      throw error
    },
  )

export type Stage = 'current' | 'pending' | 'previous'

type AtStage = StoredVersion & { readonly stage: string }

/** Where a reader finds which version is at which stage. */
export interface StoredStages {
  stored(): readonly AtStage[] | Promise<readonly AtStage[]>
}

/**
 * A reader that knows only what the store gives by these stages. It asks again where that has changed meanwhile, and once
 * more where it has not: a credential may come to be accepted after it was tried and before the others were.
 */
export const logInByStages = async (versions: StoredStages, stages: readonly Stage[]): Promise<boolean> => {
  let sameSince = 0
  for (let before = ''; sameSince < 2; ) {
    const stored = await versions.stored()
    if (stored.filter(({ stage }) => stage === 'current').length !== 1) throw new Error('Not one version is current.')
    for (const stage of stages) {
      const found = stored.find((version) => version.stage === stage)
      if (found && (await accepts(found.value))) return true
    }
    const ids = stored.map(({ stage, versionId }) => `${stage} ${versionId}`).join()
    sameSince = ids === before ? sameSince + 1 : 0
    before = ids
  }
  return false
}

/** Logs in all the while that something is done; how often, and how often no login was had. */
export const logInDuring = async (
  versions: StoredStages,
  stages: readonly Stage[],
  act: () => Promise<void>,
): Promise<{ readonly logins: number; readonly refused: number }> => {
  const counts = { logins: 0, refused: 0 }
  const over = new AbortController()
  const reading = (async () => {
    while (!over.signal.aborted) {
      if (!(await logInByStages(versions, stages))) counts.refused += 1
      counts.logins += 1
    }
  })()
  try {
    await act()
  } finally {
    over.abort()
    await reading
  }
  return counts
}
