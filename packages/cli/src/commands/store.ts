import { availableParallelism } from 'node:os'
import type { StoreDatabase } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { writeAwsEnv } from '../data-folder/credentials.ts'
import { forgetRunning, noteRunning } from '../data-folder/running-plane.ts'
import { exitCodes } from '../exit-codes.ts'
import { portFailure } from '../plane/port-failure.ts'
import { refuseSecondPlane } from '../plane/refuse-second-plane.ts'
import { type PlaneStoreOptions, startPlaneStore } from '../plane/start-plane-store.ts'
import { startUnsealed } from '../plane/start-unsealed.ts'
import { type DatabaseFlags, databaseName, storeDatabase } from '../plane/store-database.ts'
import type { RootKeyFlags } from '../root-key/root-key-flags.ts'

interface StoreFlags extends DatabaseFlags, RootKeyFlags {
  readonly port: number
  readonly insecureNoAuth?: boolean
  readonly threads?: number
  readonly functions?: string
}

/** More are asked for: each takes memory, and the one disk takes what all of them write. */
const maxThreads = 4

/** The store alone, until it is told to end. */
export const store: Command<StoreFlags> = async (context, _args, flags) => {
  const { port, insecureNoAuth = false, functions, threads = Math.min(availableParallelism(), maxThreads) } = flags
  const { folder } = context
  // From here on a signal ends it in order, even one that comes before it is ready.
  const ended = context.untilEnded()
  await refuseSecondPlane(folder)
  const database = storeDatabase(context, flags)
  const unsealed = await startUnsealed(context, { database, port, flags, ended }).catch(portFailure(port, '--port'))
  if (!unsealed) return exitCodes.ok
  try {
    return await serve(context, {
      ...unsealed,
      database,
      insecureNoAuth,
      threads,
      ...(functions !== undefined && { functionsFile: functions }),
      ended,
    })
  } catch (error) {
    await unsealed.settled(error)
    throw error
  }
}

interface Serving extends PlaneStoreOptions {
  readonly database: StoreDatabase
  readonly ended: Promise<unknown>
  /** Called once the store listens and its folder says where. */
  readonly settled: () => Promise<void>
}

const serve = async (context: Context, { ended, settled, ...options }: Serving): Promise<number> => {
  const { folder, terminal, random } = context
  const { port, database } = options
  const running = await startPlaneStore(context, options).catch(portFailure(port, '--port'))
  try {
    const hasAwsEnv = writeAwsEnv(folder, running.url, random)
    noteRunning(folder, { pid: process.pid, storeUrl: running.url }, random)
    await settled()
    const secrets = await running.countSecrets()
    if (terminal.json) terminal.data(JSON.stringify({ storeUrl: running.url, secrets }))
    else terminal.data(`Keyplane store listening on ${running.url} · ${secrets} secrets · data in ${folder.path}`)
    if (database.databaseUrl !== undefined) terminal.words(`Its database: ${databaseName(database)}`)
    terminal.words(
      hasAwsEnv
        ? `AWS's own tools: . ${folder.awsEnv}`
        : `AWS's own tools: give them an access key of ${folder.iam}; it has none of a user developer for aws.env.`,
    )
    await ended
    return exitCodes.ok
  } finally {
    await running.close()
    forgetRunning(folder)
  }
}
