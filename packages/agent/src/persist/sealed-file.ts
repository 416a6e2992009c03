import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'

/** What the file begins with, before the hash of what it is bound to; both are authenticated along with the rest. */
const magic = Buffer.from('keyplane-agent-cache-1\n')
const nonceBytes = 12
const tagBytes = 16

/** A file whose content is sealed with AES-256-GCM: who has not the key can neither read it nor alter it unnoticed. */
export class SealedFile {
  readonly path: string
  readonly #key: Buffer
  readonly #head: Buffer

  /**
   * @param key 32 bytes.
   * @param binding What the content is of; a file that was bound to something else is not read. Its hash stands in clear.
   */
  constructor(path: string, key: Buffer, binding: string) {
    this.path = path
    this.#key = key
    this.#head = Buffer.concat([magic, createHash('sha256').update(binding).digest()])
  }

  /**
   * The content; nothing where there is no file yet.
   * @throws SecretsError `integrity` where it was altered, or sealed with another key, or (reason `other_binding`) bound to
   * something else; else what the file system says.
   */
  read(): string | undefined {
    const bytes = this.#bytes()
    if (bytes === undefined) return undefined
    const altered = new SecretsError('integrity', `${this.path} was altered, or sealed with another key.`)
    const head = this.#head
    const sealedFrom = head.length + nonceBytes
    if (bytes.length < sealedFrom + tagBytes || !bytes.subarray(0, magic.length).equals(magic)) throw altered
    if (!bytes.subarray(0, head.length).equals(head))
      throw new SecretsError('integrity', `${this.path} is of something else.`, { reason: 'other_binding' })
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(head.length, sealedFrom))
    decipher.setAAD(head).setAuthTag(bytes.subarray(bytes.length - tagBytes))
    try {
      const text = decipher.update(bytes.subarray(sealedFrom, bytes.length - tagBytes))
      return Buffer.concat([text, decipher.final()]).toString()
    } catch {
      throw altered
    }
  }

  /** Replaces the content as a whole; its owner's alone. @throws what the file system says. */
  write(text: string): void {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(this.#head)
    const sealed = [cipher.update(text, 'utf8'), cipher.final()]
    const bytes = Buffer.concat([this.#head, nonce, ...sealed, cipher.getAuthTag()])
    const draft = `${this.path}.next`
    // A draft that another left keeps its mode, and a link leads elsewhere.
    rmSync(draft, { force: true })
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, this.path)
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

/**
 * The key in a file: 32 random bytes in base64, for its owner and, to read, its group.
 * @throws SecretsError `config_invalid`, with how to make one.
 */
export const readKeyFile = (path: string): Buffer => {
  const refuse = (what: string, cause?: unknown): SecretsError =>
    new SecretsError(
      'config_invalid',
      `The key file ${path} ${what}; make one: (umask 077; openssl rand -base64 32 > ${path})`,
      { cause },
    )
  let text: string
  try {
    // Kubernetes gives a secret's files to the pod's group.
    if ((statSync(path).mode & 0o037) !== 0) throw refuse('is open to more than its owner and readers of its group')
    text = readFileSync(path, 'utf8').trim()
  } catch (thrown) {
    throw thrown instanceof SecretsError
      ? thrown
      : refuse(`can't be read (${String((thrown as NodeJS.ErrnoException).code)})`, thrown)
  }
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32 || key.toString('base64') !== text) throw refuse('does not hold 32 bytes in base64')
  return key
}
