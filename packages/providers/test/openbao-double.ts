import type { SecretValue } from '@keyplane/core'
import { fieldsOfValue } from '@keyplane/openbao'
import type { Asked, Behaviour } from './http-double.ts'

interface Kept {
  readonly fields: Readonly<Record<string, unknown>>
  deletion_time: string
  destroyed: boolean
}

const token = 's.double'
const created_time = '2026-11-22T03:50:12.147214745Z'

/** Answers as recorded from OpenBao 2.7.2. */
const envelope = (data: unknown, status = 200): Behaviour => ({
  status,
  body: JSON.stringify({
    request_id: '6f81776c-4700-a983-24f6-9d4ceef24a7a',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
  }),
})
const refusal = (status: number, ...errors: string[]): Behaviour => ({
  status,
  body: `${JSON.stringify({ errors })}\n`,
})
const denied = refusal(403, '1 error occurred:\n\t* permission denied\n\n')
const absent = refusal(404)
const mount = { type: 'kv', options: { version: '2' }, path: 'secret/', accessor: 'kv_9b647f9b' }

/** As much of OpenBao as the openbao provider asks of it: a token, a KV of version 2 at `secret`. A path that holds `DENIED` is refused. */
export class OpenBaoDouble {
  readonly #secrets = new Map<string, Kept[]>()
  readonly #casRequired: boolean

  constructor({ casRequired = false }: { readonly casRequired?: boolean } = {}) {
    this.#casRequired = casRequired
  }

  static readonly token: string = token

  add(path: string, value: SecretValue): void {
    this.#keep(path, fieldsOfValue(value))
  }

  answer = ({ method, target, headers, body }: Asked): Behaviour => {
    const url = new URL(target, 'http://double')
    const [kind = '', ...segments] = url.pathname.replace('/v1/secret/', '').split('/')
    const path = segments.map(decodeURIComponent).join('/')
    if (headers['x-vault-token'] !== token) return refusal(403, 'permission denied')
    if (url.pathname === '/v1/auth/token/lookup-self') return envelope({ ttl: 0, renewable: false })
    if (url.pathname === '/v1/sys/internal/ui/mounts/secret') return envelope(mount)
    if (!url.pathname.startsWith('/v1/secret/'))
      return refusal(404, `no handler for route "${url.pathname.slice(4)}". route entry not found.`)
    if (path.includes('DENIED')) return denied
    if (kind === 'metadata' && url.searchParams.get('list') === 'true') return this.#list(path, url.searchParams)
    if (kind === 'metadata') return method === 'DELETE' ? this.#deleteAll(path) : this.#metadata(path)
    if (method === 'GET') return this.#read(path, Number(url.searchParams.get('version') ?? 0))
    if (method === 'DELETE') return this.#deleteCurrent(path)
    return this.#write(path, JSON.parse(Buffer.from(body).toString()))
  }

  #keep(path: string, fields: Kept['fields']): number {
    const versions = this.#secrets.get(path) ?? []
    this.#secrets.set(path, versions)
    return versions.push({ fields, deletion_time: '', destroyed: false })
  }

  #facts({ deletion_time, destroyed }: Kept, version: number): object {
    return { created_time, custom_metadata: null, deletion_time, destroyed, version }
  }

  #read(path: string, wanted: number): Behaviour {
    const versions = this.#secrets.get(path) ?? []
    const version = wanted || versions.length
    const kept = versions[version - 1]
    if (!kept) return absent
    const metadata = this.#facts(kept, version)
    const isGone = kept.destroyed || kept.deletion_time !== ''
    return envelope({ data: isGone ? null : kept.fields, metadata }, isGone ? 404 : 200)
  }

  #write(path: string, { data, options = {} }: { data: Kept['fields']; options?: { cas?: number } }): Behaviour {
    const current = this.#secrets.get(path)?.length ?? 0
    if (this.#casRequired && options.cas === undefined)
      return refusal(400, 'check-and-set parameter required for this call')
    if (options.cas !== undefined && options.cas !== current)
      return refusal(400, 'check-and-set parameter did not match the current version')
    const version = this.#keep(path, data)
    return envelope({ created_time, custom_metadata: null, deletion_time: '', destroyed: false, version })
  }

  #metadata(path: string): Behaviour {
    const versions = this.#secrets.get(path)
    if (!versions) return absent
    const states = versions.map((kept, index) => [String(index + 1), this.#facts(kept, index + 1)])
    return envelope({
      cas_required: this.#casRequired,
      current_version: versions.length,
      custom_metadata: null,
      updated_time: created_time,
      versions: Object.fromEntries(states),
    })
  }

  #deleteCurrent(path: string): Behaviour {
    const current = this.#secrets.get(path)?.at(-1)
    if (current) current.deletion_time = created_time
    return { status: 204 }
  }

  #deleteAll(path: string): Behaviour {
    this.#secrets.delete(path)
    return { status: 204 }
  }

  #list(folder: string, query: URLSearchParams): Behaviour {
    const paths = [...this.#secrets.keys()].filter((path) => path.startsWith(folder))
    const names = paths.map((path) => path.slice(folder.length).replace(/\/.*$/s, '/'))
    const sorted = [...new Set(names)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const after = query.get('after')
    const rest =
      after === null ? sorted : sorted.filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0)
    const keys = rest.slice(0, Number(query.get('limit') ?? Infinity))
    return keys.length === 0 ? absent : envelope({ keys })
  }
}
