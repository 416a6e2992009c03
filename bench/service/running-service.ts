import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formArguments, root } from '../built.ts'
import { type Server, startServer } from '../children.ts'

export interface RunningService extends Server {
  readonly port: number
  /** The header of a client that may read everything. */
  readonly header: string
}

export interface ServiceOptions {
  /** Members of the file beside clients and roles, as JSON, which is YAML too. */
  readonly config: object
  /** Files that the configuration names, by their names. Default: none. */
  readonly files?: Readonly<Record<string, string>>
}

/** The service in a process and a folder of its own, as it is delivered: keys, roles and audit log on. */
export const startOwnService = async ({ config, files = {} }: ServiceOptions): Promise<RunningService> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-bench-'))
  const key = `kps_${randomBytes(32).toString('base64url')}`
  const access = {
    clients: {
      bench: { keys: [`sha256:${createHash('sha256').update(key).digest('hex')}`], roles: ['reader'] },
    },
    // One client is the load of many.
    limits: { perClient: 'none' },
    roles: {
      reader: { allow: [{ actions: ['configuration:read'], environments: ['*'], tools: ['*'] }] },
    },
  }
  const path = join(folder, 'keyplane-service.yaml')
  writeFileSync(path, JSON.stringify({ listen: { port: 0 }, ...access, ...config }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const server = await startServer({
    file: process.execPath,
    args: [
      ...formArguments,
      join(root, 'bench/keyplane.mjs'),
      'service',
      '--config',
      path,
      '--data',
      join(folder, 'data'),
      '--json',
    ],
    cwd: folder,
    readyText: 'serviceUrl',
  })
  const { serviceUrl } = JSON.parse(server.line) as { readonly serviceUrl: string }
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...server, port: Number(new URL(serviceUrl).port), header: `Authorization: Bearer ${key}`, stop }
}

export const configurationPath = (tool: string, environment = 'production'): string =>
  `/v1/environments/${environment}/tools/${tool}/configuration`
