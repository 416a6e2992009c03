import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { SecretsError } from '@keyplane/core'

/** What the file begins with, before the hash of what it is bound to; both are authenticated along with each record. */
const magic = Buffer.from('keyplane-agent-cache-2\n')
const nonceBytes = 12
const tagBytes = 16
/** Of a record's length, which stands before it. */
const lengthBytes = 4
/** Records are gathered to so many bytes for a write. */
const batchBytes = 65_536

/** A record as it was read. */
export interface SealedRecord {
  readonly text: string
  readonly sealed: Buffer
}

/** What is in a sealed record's place and nowhere else. */
export const tagOf = (sealed: Buffer): Buffer => sealed.subarray(sealed.length - tagBytes)

/**
 * A file of records, each sealed with AES-256-GCM: who has not the key can neither read them nor alter, reorder or drop
 * any unnoticed, as the last one seals the tags of the others.
 */
export class SealedFile {
  readonly path: string
  readonly #key: Buffer
  readonly #head: Buffer
  readonly #endHead: Buffer

  /**
   * @param key 32 bytes.
   * @param binding What the content is of; a file that was bound to something else is not read. Its hash stands in clear.
   */
  constructor(path: string, key: Buffer, binding: string) {
    this.path = path
    this.#key = key
    this.#head = Buffer.concat([magic, createHash('sha256').update(binding).digest()])
    this.#endHead = Buffer.concat([this.#head, Buffer.from('end')])
  }

  /** A record of this file. */
  seal(text: string): Buffer {
    return this.#seal(Buffer.from(text), this.#head)
  }

  /**
   * The records; nothing where there is no file yet.
   * @throws SecretsError `integrity` where it was altered, or sealed with another key, or (reason `other_binding`) bound to
   * something else; else what the file system says.
   */
  read(): readonly SealedRecord[] | undefined {
    const bytes = this.#bytes()
    if (bytes === undefined) return undefined
    const head = this.#head
    if (bytes.length < head.length || !bytes.subarray(0, magic.length).equals(magic)) throw this.#altered()
    if (!bytes.subarray(0, head.length).equals(head))
      throw new SecretsError('integrity', `${this.path} is of something else.`, { reason: 'other_binding' })
    const records = this.#split(bytes.subarray(head.length))
    const end = records.pop()
    if (end === undefined || !this.#opened(end, this.#endHead).equals(digestOf(records))) throw this.#altered()
    return records.map((sealed) => ({ sealed, text: this.#opened(sealed, head).toString() }))
  }

  /** Replaces the content as a whole; its owner's alone. Rejects with what the file system says. */
  async write(records: Iterable<Buffer>): Promise<void> {
    const draft = `${this.path}.next`
    // A draft that another left keeps its mode, and a link leads elsewhere.
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      await this.#fill(file, records)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, this.path)
  }

  async #fill(file: FileHandle, records: Iterable<Buffer>): Promise<void> {
    const digest = createHash('sha256')
    let batch = [this.#head]
    let gathered = 0
    for (const record of records) {
      digest.update(tagOf(record))
      batch.push(lengthOf(record), record)
      gathered += record.length
      if (gathered < batchBytes) continue
      await writeAll(file, Buffer.concat(batch))
      batch = []
      gathered = 0
    }
    const end = this.#seal(digest.digest(), this.#endHead)
    await writeAll(file, Buffer.concat([...batch, lengthOf(end), end]))
  }

  #seal(content: Buffer, authenticated: Buffer): Buffer {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(authenticated)
    return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()])
  }

  #opened(sealed: Buffer, authenticated: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, nonceBytes))
    decipher.setAAD(authenticated).setAuthTag(tagOf(sealed))
    try {
      const content = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes))
      return Buffer.concat([content, decipher.final()])
    } catch {
      throw this.#altered()
    }
  }

  #split(bytes: Buffer): Buffer[] {
    const records: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const from = at + lengthBytes
      const length = from <= bytes.length ? bytes.readUInt32BE(at) : 0
      if (length < nonceBytes + tagBytes || from + length > bytes.length) throw this.#altered()
      // A copy: one record that is kept does not hold the whole file.
      records.push(Buffer.from(bytes.subarray(from, from + length)))
      at = from + length
    }
    return records
  }

  #altered(): SecretsError {
    return new SecretsError('integrity', `${this.path} was altered, or sealed with another key.`)
  }

  #bytes(): Buffer | undefined {
    try {
      return readFileSync(this.path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}

const lengthOf = (record: Buffer): Buffer => {
  const bytes = Buffer.alloc(lengthBytes)
  bytes.writeUInt32BE(record.length)
  return bytes
}

const digestOf = (records: readonly Buffer[]): Buffer => {
  const digest = createHash('sha256')
  for (const record of records) digest.update(tagOf(record))
  return digest.digest()
}

const writeAll = async (file: FileHandle, bytes: Buffer): Promise<void> => {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}
