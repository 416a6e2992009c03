import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
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
  /** Who keeps it, as the records say that begin a chain. Default: the agent. */
  readonly keeper?: 'agent' | 'service'
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
 * The audit log of the agent, and of the service: a folder with a file for each start, which holds a hash chain with one link a batch. A chain's
 * first record names the end of the chain before it, so that a file that is cut short, or gone, shows.
 */
export class AgentAuditFile {
  readonly #folder: string
  readonly #options: AgentAuditFileOptions
  #open: OpenFile | undefined

  /** @throws SecretsError `config_invalid` where the folder can't be written. */
  constructor(folder: string, options: AgentAuditFileOptions) {
    this.#folder = folder
    this.#options = options
    try {
      mkdirSync(folder, { recursive: true, mode: 0o750 })
      this.#open = this.#begun(lastEnd(folder))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      throw new SecretsError('config_invalid', `The audit folder ${folder} can't be written (${code}).`, { cause })
    }
  }

  /**
   * One link for the batch. What could be written only in part is taken back. A file that was moved or removed gets a
   * successor, a folder that was does not. @throws what the file system says.
   */
  write(records: readonly AuditRecord[]): void {
    let open = this.#open
    if (!open) throw new SecretsError('closed', 'The audit log is closed.')
    if (open.bytes > (this.#options.maxBytes ?? 100_000_000) || !isInPlace(open)) {
      const { head, descriptor } = open
      open = this.#begun({ chain: head.chainId, seq: String(head.seq), hash: hex(head.hash) })
      this.#open = open
      closeSync(descriptor)
    }
    seal(open, records)
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor)
    this.#open = undefined
  }

  /** A new file, with the record that begins its chain; none is left where that can't be written. */
  #begun(before: Readonly<Record<string, string>> | undefined): OpenFile {
    const { clock, random, keeper = 'agent' } = this.#options
    const chainId = uuid(random)
    const atMs = clock.nowMs()
    const moment = new Date(atMs).toISOString().replaceAll(/[-:]/g, '')
    const path = join(this.#folder, `${moment}-${chainId}.audit.jsonl`)
    const open: OpenFile = { path, descriptor: openSync(path, 'ax', 0o640), bytes: 0, head: newChain(chainId) }
    const detail = before && { before: before['chain'] ?? '', link: before['seq'] ?? '', hash: before['hash'] ?? '' }
    const facts = { atMs, actor: keeper, action: `${keeper}:Begin`, resource: '', requestId: '0' } as const
    try {
      append(open, [{ chain: chainId }])
      seal(open, [{ ...facts, decision: 'allow', ...(detail && { detail }) }])
      return open
    } catch (error) {
      closeSync(open.descriptor)
      rmSync(path, { force: true })
      throw error
    }
  }
}

interface OpenFile {
  readonly path: string
  readonly descriptor: number
  bytes: number
  head: ChainHead
}

/** What was moved or removed takes what is written, and nobody finds it. */
const isInPlace = ({ path, descriptor }: OpenFile): boolean => {
  const there = statSync(path, { throwIfNoEntry: false })
  const { dev, ino } = fstatSync(descriptor)
  return there?.dev === dev && there.ino === ino
}

const seal = (open: OpenFile, records: readonly AuditRecord[]): void => {
  const { link, head } = nextLink(open.head, records)
  const { recordsHash, previousHash, hash } = link
  const hashes = { recordsHash: hex(recordsHash), previousHash: hex(previousHash), hash: hex(hash) }
  append(open, [...records.map((record) => ({ record })), { link: { ...link, ...hashes } }])
  open.head = head
}

const append = (open: OpenFile, lines: readonly AuditLine[]): void => {
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(open.descriptor, bytes, at)
    open.bytes += bytes.length
  } catch (error) {
    ftruncateSync(open.descriptor, open.bytes)
    throw error
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
