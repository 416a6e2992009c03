import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { systemClock, systemRandom } from '@keyplane/core'
import { parseToolConfiguration, type ToolConfiguration } from '@keyplane/protocol'
import { newApiKey, parseServiceConfig, type RunningService, startService } from '@keyplane/service'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { BaoServer } from '../openbao/bao-server.ts'
import { RedisServer } from './redis-server.ts'

const { key, hash } = newApiKey(systemRandom)

/** A replica of the service, and what it warned of. */
export interface Replica {
  readonly service: RunningService
  readonly warnings: readonly string[]
  read(options?: { readonly environment?: string; readonly fresh?: boolean }): Promise<ToolConfiguration>
  /** The value that it gives of the one secret, as text. */
  value(options?: { readonly fresh?: boolean }): Promise<unknown>
}

/** OpenBao with a secret, Redis, and replicas of a service that keeps there what OpenBao gave. */
export class CachedPlane {
  readonly bao: BaoServer = new BaoServer()
  readonly redis: RedisServer = new RedisServer()
  readonly folder: ScratchFolder = new ScratchFolder()
  readonly canary: string = `canary-${randomBytes(12).toString('hex')}`
  readonly #replicas: RunningService[] = []

  async start(): Promise<void> {
    await Promise.all([this.bao.startDev(), this.redis.start()])
    await this.bao.done('POST', 'sys/mounts/transit', { type: 'transit' })
    await this.bao.done('POST', 'transit/keys/keyplane-cache', {})
    await this.put(this.canary)
    writeFileSync(this.folder.at('token'), this.bao.rootToken, { mode: 0o600 })
    writeFileSync(this.folder.at('cache.key'), randomBytes(32), { mode: 0o600 })
  }

  get variables(): Readonly<Record<string, string>> {
    return { KEYPLANE_OPENBAO_ADDR: this.bao.endpoint, KEYPLANE_OPENBAO_TOKEN_FILE: this.folder.at('token') }
  }

  async put(value: string, name = 'payments/api-key'): Promise<void> {
    await this.bao.done('POST', `secret/data/${name}`, { data: { value } })
  }

  /** How often OpenBao was asked for the value. */
  get reads(): number {
    return this.bao.asked('secret/data/payments/api-key')
  }

  /** How often it was asked how the secret stands. */
  get looks(): number {
    return this.bao.asked('secret/metadata/payments/api-key')
  }

  records(): Promise<string[]> {
    return this.redis.own.keys('keyplane:record:*')
  }

  async replica(environment: object = {}, more: object = {}): Promise<Replica> {
    const source = { source: 'openbao', variables: this.variables, cache: 'redis', maxStale: '1h', warm: false }
    const config = {
      listen: { port: 0 },
      limits: { perClient: 'none' },
      redis: { url: this.redis.url },
      cacheKey: { file: 'cache.key' },
      environments: { production: { ...source, ...environment }, staging: { ...source, ...environment } },
      tools: { payments: { secrets: { apiKey: 'payments/api-key' } } },
      clients: { shop: { keys: [hash], roles: ['reader'] } },
      roles: { reader: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] } },
      ...more,
    }
    const warnings: string[] = []
    const note = (message: string): void => void warnings.push(message)
    const service = await startService({
      config: parseServiceConfig({ path: this.folder.at('service.yaml'), text: JSON.stringify(config) }),
      env: {},
      clock: systemClock,
      random: systemRandom,
      log: { warn: note, error: note },
      audit: { append: async () => {} },
    })
    this.#replicas.push(service)
    const read: Replica['read'] = async ({ environment: asked = 'production', fresh = false } = {}) => {
      const path = `/v1/environments/${asked}/tools/payments/configuration`
      const headers = { authorization: `Bearer ${key}`, ...(fresh && { 'cache-control': 'no-cache' }) }
      const response = await fetch(service.url + path, { headers })
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      return parseToolConfiguration(await response.text())
    }
    return {
      service,
      warnings,
      read,
      value: async (options) => (await read(options)).secrets.get('apiKey')?.value.reveal(),
    }
  }

  /** Ends the replicas, and what is kept for those to come. */
  async clear(): Promise<void> {
    await Promise.all(this.#replicas.splice(0).map((service) => service.close()))
    await this.redis.own.flushall()
    await this.put(this.canary)
  }

  async remove(): Promise<void> {
    await Promise.all(this.#replicas.splice(0).map((service) => service.close()))
    await Promise.all([this.bao.remove(), this.redis.remove()])
    this.folder.remove()
  }
}
