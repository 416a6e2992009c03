import { Buffer } from 'node:buffer'
import type { Random } from '@keyplane/core'
import { seal, type SealingKey, unseal } from '@keyplane/sealing'

/** What a session token says of its session. It is sealed: only a store with the same root key can read or make one. */
export interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly roleArn: string
  /** A role of the same name that is made anew has another one. */
  readonly roleId: string
  readonly name: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** The session policy as JSON, where one was passed. */
  readonly policy?: string
  /** ARNs of managed policies that were passed; each counts as it is at the moment of a call. */
  readonly policyArns: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  /** Keys of the tags that sessions made from this one inherit. */
  readonly transitiveTagKeys: readonly string[]
  readonly sourceIdentity?: string
  /** The issuer and the subject of the web identity behind it. */
  readonly federated?: { readonly provider: string; readonly subject: string }
}

/** Opened tokens that are kept: a client sends the same one with each call for an hour. */
const maxKnown = 1_000
const binding = { purpose: 'session-token', owner: 'sts' } as const

/**
 * Makes and reads session tokens. A session is in its token and nowhere else, so every process of a store knows it, also
 * after a restart.
 */
export class SessionTokens {
  readonly #key: SealingKey
  readonly #random: Random
  readonly #known = new Map<string, Session>()

  constructor(key: SealingKey, random: Random) {
    this.#key = key
    this.#random = random
  }

  seal(session: Session): string {
    const plain = Buffer.from(JSON.stringify(session))
    return Buffer.from(seal(plain, this.#key, binding, this.#random)).toString('base64')
  }

  /** The session of a token; nothing for one that no store with this root key has made. */
  open(token: string): Session | undefined {
    const known = this.#known.get(token)
    if (known) return known
    const opened = this.#unsealed(token)
    if (!opened) return undefined
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < maxKnown) break
      this.#known.delete(oldest)
    }
    this.#known.set(token, opened)
    return opened
  }

  #unsealed(token: string): Session | undefined {
    // Base64 has several spellings of the same bytes, and only one was given out.
    const bytes = Buffer.from(token, 'base64')
    if (bytes.toString('base64') !== token) return undefined
    try {
      return Object.freeze(JSON.parse(Buffer.from(unseal(bytes, this.#key, binding)).toString())) as Session
    } catch {
      return undefined
    }
  }
}
