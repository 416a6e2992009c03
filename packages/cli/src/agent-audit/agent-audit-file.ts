import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type ChainHead, type ChainLink, newChain, nextLink } from '@keyplane/audit'
import { type AuditRecord, type Clock, type Random, SecretsError, uuid } from '@keyplane/core'

/** A line of the file: what begins a chain, one record, or the link that seals the records before it. */
export type AuditLine =
  | { readonly chain: string }
  | { readonly record: AuditRecord }
  | { readonly link: Readonly<Record<keyof ChainLink, string | number>> }

export interface AgentAuditFileOptions {
  readonly clock: Clock
  readonly random: Random
  /** A file is ended, and its chain with it, when it has grown past this. Default 100 MB. */
  readonly maxBytes?: number
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The audit files of a folder, oldest first: their names begin with the moment. */
export const auditFilesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.audit.jsonl'))
    .toSorted()

/**
 * The agent's audit log: a folder with a file for each start, which holds a hash chain with one link a batch. A chain's
 * first record names the end of the chain before it, so that a file that is cut short, or gone, shows.
 */
export class AgentAuditFile {
  readonly #folder: string
  readonly #options: AgentAuditFileOptions
  #descriptor = -1
  #bytes = 0
  #head: ChainHead = newChain('')

  /** @throws SecretsError `config_invalid` where the folder can't be written. */
  constructor(folder: string, options: AgentAuditFileOptions) {
    this.#folder = folder
    this.#options = options
    try {
      mkdirSync(folder, { recursive: true, mode: 0o750 })
      this.#begin(lastEnd(folder))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      throw new SecretsError('config_invalid', `The audit folder ${folder} can't be written (${code}).`, { cause })
    }
  }

  /** One link for the batch. What could be written only in part is taken back. @throws what the file system says. */
  write(records: readonly AuditRecord[]): void {
    if (this.#bytes > (this.#options.maxBytes ?? 100_000_000)) this.#roll()
    const { link, head } = nextLink(this.#head, records)
    const { recordsHash, previousHash, hash } = link
    const hashes = { recordsHash: hex(recordsHash), previousHash: hex(previousHash), hash: hex(hash) }
    this.#append([...records.map((record) => ({ record })), { link: { ...link, ...hashes } }])
    this.#head = head
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #roll(): void {
    const full = this.#descriptor
    this.#begin({ chain: this.#head.chainId, seq: String(this.#head.seq), hash: hex(this.#head.hash) })
    closeSync(full)
  }

  #begin(before: Readonly<Record<string, string>> | undefined): void {
    const { clock, random } = this.#options
    const chainId = uuid(random)
    const atMs = clock.nowMs()
    const moment = new Date(atMs).toISOString().replaceAll(/[-:]/g, '')
    this.#descriptor = openSync(join(this.#folder, `${moment}-${chainId}.audit.jsonl`), 'ax', 0o640)
    this.#bytes = 0
    this.#append([{ chain: chainId }])
    this.#head = newChain(chainId)
    const detail = before && { before: before['chain'] ?? '', link: before['seq'] ?? '', hash: before['hash'] ?? '' }
    const facts = { atMs, actor: 'agent', action: 'agent:Begin', resource: '', requestId: '0' } as const
    this.write([{ ...facts, decision: 'allow', ...(detail && { detail }) }])
  }

  #append(lines: readonly AuditLine[]): void {
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
      this.#bytes += bytes.length
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#bytes)
      throw error
    }
  }
}

/** How the latest chain of the folder ends, as far as it is sealed. */
const lastEnd = (folder: string): Readonly<Record<string, string>> | undefined => {
  const last = auditFilesIn(folder).at(-1)
  const text = last === undefined ? '' : readFileSync(join(folder, last), 'utf8')
  for (const line of text.split('\n').toReversed()) {
    const link = line.startsWith('{"link":') ? linkOf(line) : undefined
    if (link) return { chain: String(link['chainId']), seq: String(link['seq']), hash: String(link['hash']) }
  }
  return undefined
}

const linkOf = (line: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    return (JSON.parse(line) as { link: Readonly<Record<string, unknown>> }).link
  } catch {
    // The process was killed in the middle of the line: what it would have sealed is not sealed.
    return undefined
  }
}
