import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Random } from '@keyplane/core'
import { writePrivateFile } from '@keyplane/sealing'
import { awsProvider } from '@keyplane/secrets/providers'
import {
  type DeliveredRead,
  newApiKey,
  type OpenHealth,
  parseServiceConfig,
  type RunningService,
  startService,
} from '@keyplane/service'
import { AgentAuditFile } from '../agent-audit/agent-audit-file.ts'
import { batchedSink } from '../agent-audit/batched-sink.ts'
import type { Context } from '../context.ts'
import { accessKeyOf, planeRegion } from '../data-folder/credentials.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { readPrivateFile } from '../data-folder/private-file.ts'

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

/** The service in front of this data folder's store: an environment, a tool over the example secrets, a key for both. */
export const startPlaneService = async (
  { folder, clock, random, env, terminal }: Context,
  { port, storeUrl, onRead }: PlaneServiceOptions,
): Promise<RunningService> => {
  const text = JSON.stringify(planeConfig(port, keyHash(folder, random)))
  const audit = batchedSink(new AgentAuditFile(folder.serviceAudit, { clock, random, keeper: 'service' }))
  const warn = (message: string): void => terminal.warn(`service: ${message}`)
  const credentials = accessKeyOf(folder, 'agent')
  try {
    const running = await startService({
      config: parseServiceConfig({ path: join(folder.path, 'service.yaml'), text }),
      open: async () => awsProvider({ region: planeRegion, endpoint: storeUrl, credentials, clock }),
      openHealth: alwaysWell,
      log: { warn, error: warn },
      audit,
      onRead,
      env,
      clock,
      random,
    })
    const close = async (): Promise<void> => {
      await running.close()
      await audit.close?.()
    }
    return { ...running, close }
  } catch (thrown) {
    await audit.close?.()
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
  const [, known] = /^Authorization: Bearer (kps_[\w-]{43})\s*$/.exec(readPrivateFile(folder.serviceHeader) ?? '') ?? []
  if (known !== undefined) return `sha256:${createHash('sha256').update(known).digest('hex')}`
  const { key, hash } = newApiKey(random)
  const content = `Authorization: Bearer ${key}\n`
  writePrivateFile({ path: folder.serviceHeader, content, random, replace: true })
  return hash
}
