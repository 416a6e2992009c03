import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '@keyplane/core'

export interface BodyLimits {
  /** Bytes of one body. */
  readonly maxBytes: number
  /** Bytes of all bodies that are on their way. */
  readonly maxTotalBytes: number
  /** How long a body may take to arrive. */
  readonly maxMs: number
}

/** `given up`: it took too long, or its room was needed for one that came later. */
export type Body = Uint8Array | 'too large' | 'given up' | 'aborted'

interface Arriving {
  chunks: Buffer[]
  bytes: number
  /** With what each piece costs beside its bytes. */
  held: number
  readonly end: (body: Body) => void
}

/** What a piece takes in memory beside its bytes, about: a body may come in pieces of one byte. */
const pieceBytes = 128

/**
 * Reads bodies, and bounds what all of them hold before their callers have proved who they are. When there is no more
 * room, the one that has been arriving the longest makes way: an honest caller's is there in milliseconds.
 */
export class BodyIntake {
  readonly #limits: BodyLimits
  readonly #clock: Clock
  /** The longest-arriving first. */
  readonly #arriving = new Set<Arriving>()
  #held = 0

  constructor(limits: BodyLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  read(request: IncomingMessage): Promise<Body> {
    if (Number(request.headers['content-length'] ?? 0) > this.#limits.maxBytes) return Promise.resolve('too large')
    return new Promise((resolve) => {
      const late = this.#clock.after(this.#limits.maxMs, () => arriving.end('given up'))
      const arriving: Arriving = {
        chunks: [],
        bytes: 0,
        held: 0,
        end: (body) => {
          late.cancel()
          if (!this.#arriving.delete(arriving)) return
          this.#held -= arriving.held
          arriving.chunks = []
          resolve(body)
        },
      }
      this.#arriving.add(arriving)
      request.on('data', (chunk: Buffer) => this.#take(arriving, chunk))
      request.once('end', () => arriving.end(whole(arriving.chunks)))
      request.once('error', () => arriving.end('aborted'))
      request.once('close', () => arriving.end('aborted'))
    })
  }

  #take(arriving: Arriving, chunk: Buffer): void {
    if (!this.#arriving.has(arriving)) return
    const cost = chunk.length + pieceBytes
    arriving.bytes += chunk.length
    arriving.held += cost
    this.#held += cost
    if (arriving.bytes > this.#limits.maxBytes) return arriving.end('too large')
    arriving.chunks.push(chunk)
    for (const oldest of this.#arriving) {
      if (this.#held <= this.#limits.maxTotalBytes) return
      if (oldest !== arriving || this.#arriving.size === 1) oldest.end('given up')
    }
  }
}

/** Copied, because a chunk may hold on to a larger piece of memory than its own. */
const whole = (chunks: readonly Buffer[]): Uint8Array => Buffer.concat(chunks)
