import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuditRecord, systemClock, systemRandom } from '@keyplane/core'
import { parseToolConfiguration, type ToolConfiguration } from '@keyplane/protocol'
import { type Alert, newApiKey, parseServiceConfig, type RunningService, startService } from '@keyplane/service'

interface Read {
  readonly configuration: ToolConfiguration
  readonly tookMs: number
}

/** A service with one environment and one tool, and whoever its alerts are posted to. */
export class WatchedService {
  readonly alerts: Alert[] = []
  readonly records: AuditRecord[] = []
  readonly lines: string[] = []
  readonly #key = newApiKey(systemRandom)
  readonly #receiver: Server
  #service: RunningService | undefined

  constructor() {
    this.#receiver = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        this.alerts.push(JSON.parse(body) as Alert)
        response.end()
      })
    })
  }

  /** @param secrets each by the name by which its source knows it. */
  async start(environment: object, secrets: Readonly<Record<string, string>>): Promise<this> {
    await new Promise<void>((resolve) => this.#receiver.listen(0, '127.0.0.1', resolve))
    const { port } = this.#receiver.address() as AddressInfo
    const config = {
      listen: { port: 0 },
      alerts: { webhook: { url: `http://127.0.0.1:${port}/` } },
      environments: { production: { cache: 'local', ...environment } },
      tools: { payments: { secrets } },
      clients: { shop: { keys: [this.#key.hash], roles: ['all'] } },
      roles: { all: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] } },
    }
    const note = (line: string, facts: object): void => void this.lines.push(line + JSON.stringify(facts))
    this.#service = await startService({
      config: parseServiceConfig({ path: '/nowhere/service.yaml', text: JSON.stringify(config) }),
      env: {},
      clock: systemClock,
      random: systemRandom,
      log: { warn: note, error: note },
      audit: { append: async (record) => void this.records.push(record) },
    })
    await this.#service.warmed
    return this
  }

  async read({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<Read> {
    const startMs = performance.now()
    const text = await this.#get('tools/payments/configuration', fresh)
    return { configuration: parseToolConfiguration(text), tookMs: performance.now() - startMs }
  }

  async health(): Promise<{ readonly state: string; readonly sources: readonly { readonly state: string }[] }> {
    return JSON.parse(await this.#get('health')) as Awaited<ReturnType<WatchedService['health']>>
  }

  /** Severity and kind of each alert that was posted. */
  get told(): readonly string[] {
    return this.alerts.map(({ severity, kind }) => `${severity} ${kind}`)
  }

  /** The records of values, without those of alerts. */
  get reads(): readonly AuditRecord[] {
    return this.records.filter(({ action }) => action === 'configuration:read')
  }

  async close(): Promise<void> {
    await this.#service?.close()
    await new Promise((resolve) => this.#receiver.close(resolve))
  }

  async #get(path: string, fresh = false): Promise<string> {
    const headers = { authorization: `Bearer ${this.#key.key}`, ...(fresh && { 'cache-control': 'no-cache' }) }
    const answer = await fetch(`${this.#service?.url}/v1/environments/production/${path}`, { headers })
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }
}
