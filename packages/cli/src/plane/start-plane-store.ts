import { existsSync } from 'node:fs'
import { fileRootKey, type RootKeySource } from '@keyplane/sealing'
import {
  type CallReport,
  proveRootKey,
  type RunningStore,
  type StoreDatabase,
  startStore,
  watchIam,
} from '@keyplane/store'
import type { Context } from '../context.ts'
import { type PlaneFunctions, startPlaneFunctions } from '../lambda-host/start-plane-functions.ts'
import { makeCredentials, planeAccount } from '../data-folder/credentials.ts'
import { readRotationCalendar } from '../data-folder/rotation-calendar-file.ts'
import { advisedRootKey } from '../root-key/advised-root-key.ts'
import { RepeatedProblems } from './repeated-problems.ts'

export interface PlaneStoreOptions {
  readonly port: number
  /** Default: the SQLite file of the data folder. */
  readonly database?: StoreDatabase
  /** Default: the data folder's file. */
  readonly rootKey?: RootKeySource
  /** Takes every call, signed or not, for the root user's. */
  readonly insecureNoAuth?: boolean
  /** Default: none but this one. */
  readonly threads?: number
  /** A file of rotation functions, which are run here. */
  readonly functionsFile?: string
  readonly onChange?: (secret: { readonly arn: string; readonly name: string }) => void
  readonly onCall?: (report: CallReport) => void
}

/** The store on this data folder, which is made, with its keys, where it is not there yet. */
export const startPlaneStore = async (context: Context, planeOptions: PlaneStoreOptions): Promise<RunningStore> => {
  const { folder, random, clock, terminal } = context
  const {
    database = { databasePath: folder.database },
    insecureNoAuth = false,
    functionsFile,
    ...options
  } = planeOptions
  const onProblem = (problem: string): void => terminal.warn(`store: ${problem}`)
  folder.create(onProblem)
  const rootKey = options.rootKey ?? advisedRootKey(fileRootKey({ path: folder.rootKey, random }), () => database)
  // Nobody gets access keys of a store that is there and that this start cannot open.
  if (!existsSync(folder.iam)) await proveRootKey(database, rootKey)
  makeCredentials(folder, random)
  const rotationCalendar = readRotationCalendar(folder.rotationCalendar)
  if (insecureNoAuth)
    onProblem(
      '--insecure-no-auth: whoever reaches this port is the root user, and can read every secret. Use it for tests.',
    )
  const problems = new RepeatedProblems(clock, onProblem)
  const iam = watchIam({ path: folder.iam, clock, onProblem })
  iam.onChange(() => terminal.words(`Read ${folder.iam} again.`))
  let functions: PlaneFunctions | undefined
  try {
    functions = functionsFile === undefined ? undefined : await startPlaneFunctions(context, functionsFile)
    const running = await startStore({
      ...options,
      ...database,
      ...(functions && { functions: functions.endpoint }),
      rotationCalendar,
      ...(insecureNoAuth && { insecureNoAuth: { account: planeAccount } }),
      rootKey,
      iam,
      random,
      clock,
      log: ({ requestId, code, reason, message }) => {
        const what = `${message} (${[code, reason].filter(Boolean).join(', ')}`
        problems.note(`${what})`, `${what}${requestId && `, ${requestId}`})`)
      },
    })
    if (functions) functions.storeUrl = running.url
    const close = async (): Promise<void> => {
      iam.close()
      await running.close()
      await functions?.close()
      problems.close()
    }
    return { ...running, close }
  } catch (error) {
    await functions?.close()
    iam.close()
    problems.close()
    throw error
  }
}
