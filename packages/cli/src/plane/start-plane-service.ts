import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { AuditSink, Random } from '@keyplane/core'
import { writePrivateFile } from '@keyplane/sealing'
import { awsProvider } from '@keyplane/secrets/providers'
import {
  type DeliveredRead,
  newApiKey,
  type OpenHealth,
  openState,
  parseServiceConfig,
  type RunningService,
  startService,
} from '@keyplane/service'
import { AgentAuditFile } from '../agent-audit/agent-audit-file.ts'
import { batchedSink } from '../agent-audit/batched-sink.ts'
import type { Context } from '../context.ts'
import { accessKeyOf, planeRegion } from '../data-folder/credentials.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { readServiceKey } from '../data-folder/service-key.ts'

export interface PlaneServiceOptions {
  readonly port: number
  readonly storeUrl: string
  readonly onRead: (read: DeliveredRead) => void
}

/** The store is in this process: a probe would only fill its audit log. */
const alwaysWell: OpenHealth = async () => ({
  probe: async () => ({ isWell: true, state: 'answers' }),
  close: () => undefined,
})

/** The service in front of this data folder's store: an environment, a tool over the example secrets, a key for both, and logins. */
export const startPlaneService = async (
  { folder, clock, random, env, terminal }: Context,
  { port, storeUrl, onRead }: PlaneServiceOptions,
): Promise<RunningService> => {
  const text = JSON.stringify(planeConfig(port, keyHash(folder, random)))
  const state = await openState({ file: folder.serviceState }, { clock, random })
  let audit: AuditSink | undefined
  const warn = (message: string): void => terminal.warn(`service: ${message}`)
  const credentials = accessKeyOf(folder, 'agent')
  const end = async (): Promise<void> => {
    await audit?.close?.()
    await state.close()
  }
  try {
    audit = batchedSink(new AgentAuditFile(folder.serviceAudit, { clock, random, keeper: 'service' }))
    const running = await startService({
      config: parseServiceConfig({ path: join(folder.path, 'service.yaml'), text }),
      open: async () => awsProvider({ region: planeRegion, endpoint: storeUrl, credentials, clock }),
      openHealth: alwaysWell,
      log: { warn, error: warn },
      audit,
      state,
      onRead,
      env,
      clock,
      random,
    })
    const close = async (): Promise<void> => {
      await running.close()
      await end()
    }
    return { ...running, close }
  } catch (thrown) {
    await end()
    throw thrown
  }
}

const planeConfig = (port: number, hash: string): object => ({
  listen: { port },
  environments: { development: { source: 'aws', ttl: '30s', warm: false } },
  tools: {
    demo: {
      settings: { baseUrl: 'http://localhost:4000', timeoutMs: 3_000 },
      secrets: { apiKey: 'demo/dev/api-key', databasePassword: { ref: 'demo/dev/database', jsonKey: 'password' } },
    },
  },
  clients: { developer: { keys: [hash], roles: ['everything'] } },
  roles: { everything: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] } },
})

/** The hash of the folder's key, which is made where there is none: a header line, so that it stands in no argument list. */
const keyHash = (folder: DataFolder, random: Random): string => {
  const known = readServiceKey(folder)
  if (known !== undefined) return `sha256:${createHash('sha256').update(known).digest('hex')}`
  const { key, hash } = newApiKey(random)
  const content = `Authorization: Bearer ${key}\n`
  writePrivateFile({ path: folder.serviceHeader, content, random, replace: true })
  return hash
}
