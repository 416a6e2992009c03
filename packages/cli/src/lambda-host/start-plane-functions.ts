import { hostname } from 'node:os'
import type { FunctionsEndpoint } from '@keyplane/store'
import type { Context } from '../context.ts'
import { accessKeyOf, planeAccount, planeRegion } from '../data-folder/credentials.ts'
import { readFunctionsFile } from './functions-file.ts'
import { startFunctionHost } from './invoke-api.ts'

export interface PlaneFunctions {
  readonly endpoint: FunctionsEndpoint
  /** Where the functions find the store; they are called only after it is there. */
  storeUrl: string
  close(): Promise<void>
}

/** What a function writes may be anything. */
const logBounds = { maxBytes: 8 * 1_048_576, files: 2, mode: 0o600 }

/**
 * The rotation functions of a file, for the store of this data folder. They call the store as its developer; what they
 * write goes to a file that only its owner may read, since it may be anything.
 */
export const startPlaneFunctions = async (
  { folder, env, clock, random }: Context,
  path: string,
): Promise<PlaneFunctions> => {
  const hex = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex').toUpperCase()
  const { LogFile } = await import('@keyplane/agent')
  const log = new LogFile(folder.functionsLog, logBounds)
  const accessKey = { accessKeyId: `AKIA${hex(8)}`, secretAccessKey: hex(20) }
  const functions: PlaneFunctions = {
    endpoint: { url: '', region: planeRegion, credentials: accessKey },
    storeUrl: '',
    close: () => host.close(),
  }
  const host = await startFunctionHost({
    functions: readFunctionsFile(path),
    accessKey,
    account: planeAccount,
    region: planeRegion,
    environment: () => {
      const { accessKeyId, secretAccessKey } = accessKeyOf(folder, 'developer')
      return {
        PATH: env['PATH'] ?? '',
        HOSTNAME: hostname(),
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_REGION: planeRegion,
        AWS_DEFAULT_REGION: planeRegion,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: functions.storeUrl,
        // As AWS's own rotation functions call it.
        SECRETS_MANAGER_ENDPOINT: functions.storeUrl,
      }
    },
    onLine: (name, line) => log.write(`${name}: ${line}\n`),
    clock,
    random,
  })
  return Object.assign(functions, { endpoint: { ...functions.endpoint, url: host.url } })
}
