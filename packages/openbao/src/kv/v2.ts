import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import type { OpenBaoAnswer } from '../answer.ts'
import type { OpenBaoCall, OpenBaoClient } from '../client-contract.ts'
import { keysBelow } from './keys.ts'
import type { KvMetadata, KvVersion, KvWritten } from './types.ts'
import { folderPageOf, metadataOf, versionOf, writtenOf } from './answers.ts'
import { encodePath } from './path.ts'

export interface KvV2Options {
  readonly client: Pick<OpenBaoClient, 'call'>
  /** Default `secret`. */
  readonly mount?: string
  readonly clock?: Clock
  /** The provider's name, for errors. Default `openbao`. */
  readonly source?: string
}

export type KvCall = Pick<OpenBaoCall, 'signal' | 'deadlineAtMs'>

/** What a folder holds, as far as it was asked for. */
export interface FolderMetadata {
  /** By path. */
  readonly secrets: ReadonlyMap<string, KvMetadata>
  /** It holds no more. */
  readonly isWhole: boolean
}

/** One mount of the KV engine, version 2. */
export interface KvV2 {
  /** @throws SecretsError `secret_not_found` also for a version that is not there: OpenBao does not say which is missing. */
  read(path: string, options?: { readonly version?: number }, call?: KvCall): Promise<KvVersion>
  metadata(path: string, call?: KvCall): Promise<KvMetadata>
  /**
   * That of secrets right in a folder (empty: the mount itself), by path: of the first so many, in one request for a
   * thousand. OpenBao tells it also of secrets that the role may not read: its policy names `detailed-metadata/` by itself.
   * HashiCorp Vault has no such list. @throws SecretsError `secret_not_found` for an empty folder, and where there is no such list.
   */
  folderMetadata(folder: string, most: number, call?: KvCall): Promise<FolderMetadata>
  /** `cas`: the version that has to be current; 0: there is none. @throws SecretsError `conflict` where it is not so. */
  write(
    path: string,
    fields: Readonly<Record<string, string>>,
    options?: { readonly cas?: number },
    call?: KvCall,
  ): Promise<KvWritten>
  /** Marks the current version as deleted; `undelete` takes that back. */
  deleteCurrent(path: string, call?: KvCall): Promise<void>
  undelete(path: string, versions: readonly number[], call?: KvCall): Promise<void>
  /** Versions' values, for good. */
  destroy(path: string, versions: readonly number[], call?: KvCall): Promise<void>
  /** All versions and their metadata, for good. */
  deleteAll(path: string, call?: KvCall): Promise<void>
  /** Paths with this prefix, in OpenBao's order, folder by folder; deleted ones too. */
  list(prefix: string, call?: KvCall): AsyncIterable<string>
}

/** Each has all of its versions: about a kilobyte a secret. */
const folderPageSize = 1_000

class Mount implements KvV2 {
  readonly #client: Pick<OpenBaoClient, 'call'>
  readonly #mount: string
  readonly #clock: Clock
  readonly #source: string
  #known = false

  constructor({ client, mount = 'secret', clock = systemClock, source = 'openbao' }: KvV2Options) {
    this.#client = client
    this.#mount = encodePath(mount.replace(/^\/|\/$/g, ''), source)
    this.#clock = clock
    this.#source = source
  }

  async read(path: string, { version }: { readonly version?: number } = {}, call?: KvCall): Promise<KvVersion> {
    const query = version === undefined ? {} : { version: String(version) }
    return versionOf(await this.#ask('GET', `data/${this.#path(path)}`, { query, ...call }), this.#source)
  }

  async metadata(path: string, call?: KvCall): Promise<KvMetadata> {
    const answer = await this.#ask('GET', `metadata/${this.#path(path)}`, call)
    return metadataOf(answer, { nowMs: this.#clock.nowMs(), source: this.#source })
  }

  async folderMetadata(folder: string, most: number, call?: KvCall): Promise<FolderMetadata> {
    const [place, encoded] = folder === '' ? ['', ''] : [`${folder}/`, `${this.#path(folder)}/`]
    const found = new Map<string, KvMetadata>()
    let after: string | undefined
    for (let left = most; left > 0; ) {
      const limit = Math.min(left, folderPageSize)
      const query = { list: 'true', limit: String(limit), ...(after === undefined ? {} : { after }) }
      const answer = await this.#ask('GET', `detailed-metadata/${encoded}`, { query, ...call })
      const { secrets, names } = folderPageOf(answer, { nowMs: this.#clock.nowMs(), source: this.#source })
      for (const [name, metadata] of secrets) found.set(`${place}${name}`, metadata)
      const last = names.at(-1)
      // A server that gives the same page again has no more.
      if (names.length < limit || last === after) return { secrets: found, isWhole: true }
      after = last
      left -= names.length
    }
    return { secrets: found, isWhole: false }
  }

  async write(
    path: string,
    fields: Readonly<Record<string, string>>,
    { cas }: { readonly cas?: number } = {},
    call?: KvCall,
  ): Promise<KvWritten> {
    const body = { data: fields, ...(cas === undefined ? {} : { options: { cas } }) }
    return writtenOf(await this.#ask('POST', `data/${this.#path(path)}`, { body, ...call }), this.#source)
  }

  async deleteCurrent(path: string, call?: KvCall): Promise<void> {
    await this.#ask('DELETE', `data/${this.#path(path)}`, call)
  }

  async undelete(path: string, versions: readonly number[], call?: KvCall): Promise<void> {
    await this.#ask('POST', `undelete/${this.#path(path)}`, { body: { versions }, ...call })
  }

  async destroy(path: string, versions: readonly number[], call?: KvCall): Promise<void> {
    await this.#ask('PUT', `destroy/${this.#path(path)}`, { body: { versions }, ...call })
  }

  async deleteAll(path: string, call?: KvCall): Promise<void> {
    await this.#ask('DELETE', `metadata/${this.#path(path)}`, call)
  }

  list(prefix: string, call?: KvCall): AsyncIterable<string> {
    const inFolder = (folder: string, query: Readonly<Record<string, string>>): Promise<OpenBaoAnswer> => {
      const encoded = folder === '' ? '' : `${this.#path(folder.slice(0, -1))}/`
      return this.#ask('GET', `metadata/${encoded}`, { query: { list: 'true', ...query }, ...call })
    }
    return keysBelow(prefix, { list: inFolder, source: this.#source })
  }

  #path(path: string): string {
    return encodePath(path, this.#source)
  }

  async #ask(
    method: OpenBaoCall['method'],
    path: string,
    rest: Omit<OpenBaoCall, 'method' | 'path'> = {},
  ): Promise<OpenBaoAnswer> {
    try {
      const answer = await this.#client.call({ method, path: `${this.#mount}/${path}`, ...rest })
      this.#known = true
      return answer
    } catch (thrown) {
      if (thrown instanceof SecretsError && thrown.code === 'secret_not_found') await this.#checkMount(rest)
      throw thrown
    }
  }

  /** A KV of version 1 has no such paths and answers as if the secret were absent; so the first absence is looked into. */
  async #checkMount({ signal, deadlineAtMs }: KvCall): Promise<void> {
    if (this.#known) return
    const limits = { ...(signal ? { signal } : {}), ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }) }
    const path = `sys/internal/ui/mounts/${this.#mount}`
    const mount = await this.#client.call({ method: 'GET', path, ...limits }).catch((thrown: unknown) => {
      // Who may not look has to believe the absence.
      if (thrown instanceof SecretsError && thrown.code === 'access_denied') return undefined
      throw thrown
    })
    const [type, version] = [mount?.member('data', 'type'), mount?.member('data', 'options', 'version')]
    if (mount && (type !== 'kv' || version !== '2'))
      throw new SecretsError(
        'source_misconfigured',
        `The mount ${JSON.stringify(this.#mount)} is no KV of version 2, which is the only kind that is read; ` +
          'a KV of version 1 is upgraded by `bao kv enable-versioning`.',
        { source: this.#source, reason: 'kv_version' },
      )
    this.#known = true
  }
}

/**
 * A mount of the KV engine, version 2.
 * @throws SecretsError `invalid_request` where the mount is no path. Calls: what the client throws, and
 * `source_misconfigured`, reason `kv_version`, where the mount is another engine.
 */
export const kvV2 = (options: KvV2Options): KvV2 => new Mount(options)
