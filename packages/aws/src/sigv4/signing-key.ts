import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

/** What a signing key is good for: one day, region and service. */
export interface SigningScope {
  /** `YYYYMMDD`. */
  readonly date: string
  readonly region: string
  readonly service: string
}

/** The fixed end of every scope. */
export const scopeTerminator = 'aws4_request'

const hmac = (key: string | Uint8Array, text: string): Uint8Array => createHmac('sha256', key).update(text).digest()

/** The key that signs every request of a scope; as an object, because Node imports raw bytes anew at each use. */
export const deriveSigningKey = (secretAccessKey: string, { date, region, service }: SigningScope): KeyObject =>
  createSecretKey(hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service), scopeTerminator))

/**
 * Derived signing keys, by access key and scope, the least recently used dropped first. A key is derived anew when the
 * secret behind an access key has changed.
 */
export class SigningKeyCache {
  readonly #maxKeys: number
  readonly #keys = new Map<string, { readonly secretAccessKey: string; readonly key: KeyObject }>()

  /** `maxKeys`: default 256. */
  constructor({ maxKeys = 256 }: { readonly maxKeys?: number } = {}) {
    this.#maxKeys = maxKeys
  }

  get(accessKeyId: string, secretAccessKey: string, scope: SigningScope): KeyObject {
    const id = JSON.stringify([accessKeyId, scope.date, scope.region, scope.service])
    const known = this.#keys.get(id)
    const entry =
      known?.secretAccessKey === secretAccessKey
        ? known
        : { secretAccessKey, key: deriveSigningKey(secretAccessKey, scope) }
    this.#keys.delete(id)
    this.#keys.set(id, entry)
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size <= this.#maxKeys) break
      this.#keys.delete(oldest)
    }
    return entry.key
  }
}
