import type { SecretValue } from '@keyplane/core'
import { crc32c } from '../src/crc32c.ts'
import type { GcpCallOptions, GcpSecretsClient, GcpSecretVersion } from '../src/gcp-client.ts'

interface Kept {
  readonly data: Uint8Array
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED'
}

/** An error as Google's SDK throws it. */
export class GrpcError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const bytesOf = (value: SecretValue): Uint8Array =>
  value.kind === 'text' ? new TextEncoder().encode(value.reveal()) : value.reveal()

/** As much of Google's Secret Manager as the gcp provider asks of its SDK. A name that holds `DENIED` is refused. */
export class GcpDouble implements GcpSecretsClient {
  readonly #secrets = new Map<string, Kept[]>()
  readonly aliases = new Map<string, number>()
  readonly options: GcpCallOptions[] = []
  readonly asked: unknown[] = []
  fault: Error | undefined
  babbles = false
  /** It takes reads and answers none. */
  hangs = false
  closed = false

  add(name: string, value: SecretValue): void {
    this.#versions(`projects/42/secrets/${name}`, true).push({ data: bytesOf(value), state: 'ENABLED' })
  }

  setState(name: string, version: number, state: Kept['state']): void {
    const kept = this.#versions(`projects/42/secrets/${name}`)[version - 1]
    if (kept) kept.state = state
  }

  async getProjectId(): Promise<string> {
    if (this.fault) throw this.fault
    return 'mine'
  }

  async accessSecretVersion({ name }: { readonly name: string }, options: GcpCallOptions) {
    this.#note({ name }, options)
    if (this.hangs) await new Promise(() => {})
    const [, resource = '', wanted = ''] = /^(.+)\/versions\/(.+)$/.exec(name) ?? []
    const versions = this.#versions(resource)
    const number = wanted === 'latest' ? versions.length : (this.aliases.get(wanted) ?? Number(wanted))
    const kept = versions[number - 1]
    const full = `${this.#canonical(resource)}/versions/${number}`
    if (!kept) throw new GrpcError(5, `Secret Version [${this.#canonical(resource)}/versions/${wanted}] not found.`)
    if (kept.state !== 'ENABLED') throw new GrpcError(9, `Secret Version [${full}] is in ${kept.state} state.`)
    if (this.babbles) return [{ name: full, payload: null }] as const
    return [{ name: full, payload: { data: kept.data, dataCrc32c: String(crc32c(kept.data)) } }] as const
  }

  async *listSecretVersionsAsync({ parent }: { readonly parent: string }, options: GcpCallOptions) {
    this.#note({ parent }, options)
    const versions = this.#versions(parent).map((kept, index) => this.#told(parent, index, kept))
    for (const version of versions.reverse()) yield version
  }

  async *listSecretsAsync(
    request: { readonly parent: string; readonly filter?: string; readonly pageSize: number },
    options: GcpCallOptions,
  ) {
    this.#note(request, options)
    for (const name of this.#secrets.keys()) yield { name, createTime: { seconds: '1569534789', nanos: 46_000_000 } }
  }

  async createSecret(request: { readonly parent: string; readonly secretId: string }, options: GcpCallOptions) {
    this.#note(request, options)
    const name = this.#canonical(`${request.parent}/secrets/${request.secretId}`)
    if (this.#secrets.has(name)) throw new GrpcError(6, `Secret [${name}] already exists.`)
    this.#secrets.set(name, [])
    return [{ name }] as const
  }

  async addSecretVersion(
    request: { readonly parent: string; readonly payload: { readonly data: Uint8Array; readonly dataCrc32c: string } },
    options: GcpCallOptions,
  ) {
    this.#note({ parent: request.parent }, options)
    const { data, dataCrc32c } = request.payload
    const text = Buffer.from(data).toString()
    if (data.length === 0) throw new GrpcError(3, 'Secret Payload cannot be empty.')
    if (text.startsWith('WRONG'))
      throw new GrpcError(3, `Invalid value ${text}, ${Buffer.from(data).toString('base64')}`)
    if (Number(dataCrc32c) !== crc32c(data)) throw new GrpcError(3, 'The checksum is wrong.')
    const versions = this.#versions(request.parent)
    const kept: Kept = { data, state: 'ENABLED' }
    versions.push(kept)
    return [this.#told(request.parent, versions.length - 1, kept)] as const
  }

  async deleteSecret({ name }: { readonly name: string }, options: GcpCallOptions) {
    this.#note({ name }, options)
    this.#versions(name)
    this.#secrets.delete(this.#canonical(name))
    return [{}]
  }

  async close(): Promise<void> {
    this.closed = true
  }

  /** Google answers with the project's number. */
  #canonical(resource: string): string {
    return resource.replace(/^projects\/mine\//, 'projects/42/')
  }

  #note(request: { readonly name?: string; readonly parent?: string }, options: GcpCallOptions): void {
    this.asked.push(request)
    this.options.push(options)
    if (this.fault) throw this.fault
    const name = request.name ?? request.parent ?? ''
    if (name.includes('DENIED'))
      throw new GrpcError(
        7,
        `Permission 'secretmanager.versions.access' denied for resource '${name}' (or it may not exist).`,
      )
  }

  #versions(resource: string, create = false): Kept[] {
    const name = this.#canonical(resource)
    const versions = this.#secrets.get(name)
    if (versions) return versions
    if (!create) throw new GrpcError(5, `Secret [${name}] not found or has no versions.`)
    const made: Kept[] = []
    this.#secrets.set(name, made)
    return made
  }

  #told(resource: string, index: number, { state }: Kept): GcpSecretVersion {
    const name = `${this.#canonical(resource)}/versions/${index + 1}`
    return { name, state, createTime: { seconds: '1569534789', nanos: 46_000_000 } }
  }
}
