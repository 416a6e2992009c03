import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditRecord, systemRandom } from '@keyplane/core'
import { type ApiKey, newApiKey } from '@keyplane/service'
import {
  bareEnvironment,
  type Environment,
  keyplane,
  type RunningProcess,
} from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'

export interface ServiceFiles {
  /** Members of the configuration beside its client and role, as JSON, which is YAML too. */
  readonly config: object
  /** Files beside it, by their names. Default: none. */
  readonly files?: Readonly<Record<string, string>>
  /** Over the bare environment of the process. */
  readonly env?: Environment
  /** The client's key. Default: a new one. */
  readonly key?: ApiKey
}

export interface ServiceAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, never> & {
    readonly status: string
    readonly secrets: Record<
      string,
      { value: string; source: string; stale: boolean; ageMs: number; expiresAt?: string }
    >
    readonly missing: string[]
    readonly errors: { secret: string; code: string }[]
  }
}

const everything = { actions: ['*'], environments: ['*'], tools: ['*'] }

/** The service as an operator starts it: `keyplane service`, its files in a folder that goes with it. */
export class ServiceProcess {
  readonly folder: ScratchFolder = new ScratchFolder()
  readonly key: string
  readonly #env: Environment
  process: RunningProcess | undefined
  url = ''

  constructor({ config, files = {}, env = {}, key: { key, hash } = newApiKey(systemRandom) }: ServiceFiles) {
    this.key = key
    this.#env = { ...bareEnvironment(this.folder.path), ...env }
    const access = { clients: { app: { keys: [hash], roles: ['app'] } }, roles: { app: { allow: [everything] } } }
    const written = { 'keyplane-service.yaml': JSON.stringify({ listen: { port: 0 }, ...access, ...config }), ...files }
    for (const [name, text] of Object.entries(written)) writeFileSync(this.folder.at(name), text)
  }

  /** A file beside the configuration that only its owner may read. */
  putFile(name: string, bytes: Uint8Array): void {
    writeFileSync(this.folder.at(name), bytes, { mode: 0o600 })
  }

  /** Starts it, or starts it again over what it has kept. */
  async start(): Promise<this> {
    const args = ['service', '--config', 'keyplane-service.yaml', '--data', 'data', '--json']
    this.process = keyplane(args, { cwd: this.folder.path, env: this.#env })
    this.url = (JSON.parse(await this.process.firstLine()) as { serviceUrl: string }).serviceUrl
    return this
  }

  async ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<ServiceAnswer> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.key}`, ...headers } })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as ServiceAnswer['body'],
    }
  }

  configuration(
    tool: string,
    environment: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ServiceAnswer> {
    return this.ask(`/v1/environments/${environment}/tools/${tool}/configuration`, headers)
  }

  /** The records of its audit files, as they were written. */
  records(): AuditRecord[] {
    const folder = this.folder.at('data', 'service-audit')
    return readdirSync(folder)
      .toSorted()
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line.startsWith('{"record"'))
      .map((line) => (JSON.parse(line) as { record: AuditRecord }).record)
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    const finished = await this.process?.stop(signal)
    this.process = undefined
    return finished?.code ?? 0
  }

  async remove(): Promise<void> {
    await this.stop()
    this.folder.remove()
  }
}
