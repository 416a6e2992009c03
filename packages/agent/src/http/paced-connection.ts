import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Caller } from '../guards/callers.ts'
import { declaresBody, maxOddHeadBytes } from './odd-head.ts'

const nothing = Buffer.alloc(0)
const emptyLine = '\r\n\r\n'
/** Empty lines before a head are none of its own. */
const wholeHead = /[^\r\n]\r?\n\r?\n/
/** After its last answer a peer has so long to take it. */
const lingerMs = 2_000

/** Who reads a head in place of `node:http`: told of its bytes, and that no more come. */
export interface TakenHead {
  readonly onBytes: (bytes: Buffer) => void
  readonly onEnd: () => void
}

/**
 * A connection as `node:http` sees it: one request at a time. By itself it parses all that a read brought, thousands of
 * requests, before the first is answered; here what follows a request waits until its answer has left for a peer that
 * reads. So a flood costs who sends it, and nobody else.
 * Emits `unheard` for a head of which `node:http` says nothing.
 */
export class PacedConnection extends Duplex {
  /** Who is known by the connection. */
  readonly peer: Caller | undefined
  readonly #socket: Socket
  /** Read from the socket and not yet passed on. */
  #rest: Buffer
  /** The peer sends nothing more; what it sent is answered all the same. */
  #hasEnded = false
  #wanted = false
  /** Requests whose answers have still to leave. */
  #open = 0
  #undecided = 0
  /** What was passed on since the last request was read: the head that `node:http` is in the middle of. */
  #head: Buffer[] = []
  #headBytes = 0
  /** The last three bytes passed on, unless a head ended with them: the line that ends it may come in two reads. */
  #tail: Buffer = nothing
  /** The last request spoke of another protocol: `node:http` says nothing of what it cannot read behind it. */
  #hadUpgrade = false
  /** A body came along, so that what follows a request may be its rest. */
  #hadBody = false
  #response: ServerResponse | undefined
  #taken: TakenHead | undefined

  /** Takes the socket over, with what was read from it already. */
  constructor(socket: Socket, first: Buffer, peer?: Caller) {
    super({ readableHighWaterMark: 1 })
    this.peer = peer
    this.#socket = socket
    this.#rest = first
    socket.on('readable', () => this.#feed())
    socket.on('end', () => {
      this.#hasEnded = true
      this.#feed()
    })
    socket.on('close', () => this.destroy())
  }

  /** Whether the peer waits for us: an answer is being made. One that it merely does not read is not ours to wait for. */
  get isBusy(): boolean {
    return this.#undecided > 0
  }

  /** Whether what follows has no reader: a fault is not told of, nor is it known where a head begins behind a body. */
  get isLost(): boolean {
    return this.#hadUpgrade && this.#hadBody
  }

  /** Whether the last request's answer is on its way: it is too late for another one. */
  get isAnswered(): boolean {
    return this.#open > 0 && this.#response?.writableEnded === true
  }

  /** A request was read: what follows it waits for its answer. Gives what to call when that is decided. */
  begin({ headers }: IncomingMessage, response: ServerResponse): () => void {
    this.#head = []
    this.#headBytes = 0
    this.#response = response
    this.#hadUpgrade = headers.upgrade !== undefined
    this.#hadBody ||= declaresBody(headers)
    this.#open += 1
    this.#undecided += 1
    // Other connections come first: a flood on this one must not keep the event loop.
    response.once('close', () =>
      setImmediate(() => {
        this.#open -= 1
        this.#feed()
      }),
    )
    return () => {
      this.#undecided -= 1
    }
  }

  /** `node:http` is done with the connection: it read a CONNECT, whose answer is the last one. */
  leave(): void {
    this.#hadUpgrade = false
  }

  /**
   * Takes the connection from `node:http`, which could not read the head: `onBytes` is given the head's bytes, and again
   * with all of them when more have come. Tells whether where the head begins is known.
   */
  takeHead({ onBytes, onEnd }: TakenHead): boolean {
    if (this.#hadBody || this.#open > 0) return false
    const taken: TakenHead = {
      onBytes: (bytes) => {
        this.#keep(bytes)
        onBytes(Buffer.concat(this.#head))
      },
      onEnd,
    }
    this.#taken = taken
    taken.onBytes(this.#rest)
    this.#rest = nothing
    if (this.#hasEnded) onEnd()
    return true
  }

  /** The last answer: what still comes is passed over, and the connection is gone soon. */
  endWith(bytes: Buffer): void {
    this.end(bytes)
    this.#cutLater()
    this.#passOver()
  }

  /** As a socket's: `node:http` asks for it after the last answer. */
  destroySoon(): void {
    this.end(() => this.#cutLater())
    this.#passOver()
  }

  #cutLater(): void {
    const cut = setTimeout(() => this.destroy(), lingerMs)
    this.once('close', () => clearTimeout(cut))
  }

  /** A connection that is closed while bytes lie unread is reset, and its peer may lose the answer. */
  #passOver(): void {
    this.#taken = { onBytes: () => {}, onEnd: () => {} }
    this.#head = []
    this.#rest = nothing
    this.#feed()
  }

  override _read(): void {
    this.#wanted = true
    queueMicrotask(() => this.#feed())
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#socket.write(chunk)) done()
    else this.#socket.once('drain', done)
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done)
  }

  override _final(done: () => void): void {
    this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  /** Bytes of the head, no more than tell that it is too long; a body's never. */
  #keep(bytes: Buffer): void {
    if (!this.#hadBody && this.#headBytes <= maxOddHeadBytes) this.#head.push(bytes)
    this.#headBytes += bytes.length
  }

  #feed(): void {
    if (this.#taken) {
      const bytes = this.#socket.read() as Buffer | null
      if (bytes) this.#taken.onBytes(bytes)
      if (this.#hasEnded) this.#taken.onEnd()
      return
    }
    if (!this.#wanted || this.#open > 0 || this.destroyed) return
    // It asks for more, so it has looked at all that it was given.
    if (this.#wasUnheard()) {
      this.emit('unheard')
      return
    }
    if (this.#rest.length === 0) this.#rest = (this.#socket.read() as Buffer | null) ?? nothing
    if (this.#rest.length === 0) {
      this.#wanted = !this.#hasEnded
      if (this.#hasEnded) this.push(null)
      return
    }
    this.#wanted = false
    const piece = this.#nextPiece()
    this.#keep(piece)
    this.push(piece)
  }

  /** No more than one head ends in what ends with the first empty line, wherever the reads end. */
  #nextPiece(): Buffer {
    const end = this.#headEnd()
    const piece = this.#rest.subarray(0, end)
    this.#rest = this.#rest.subarray(piece.length)
    this.#tail = end === undefined ? Buffer.concat([this.#tail, piece.subarray(-3)]).subarray(-3) : nothing
    return piece
  }

  #headEnd(): number | undefined {
    const known = this.#tail.length
    const across = known > 0 ? Buffer.concat([this.#tail, this.#rest.subarray(0, 3)]).indexOf(emptyLine) : -1
    if (across >= 0) return across + emptyLine.length - known
    const at = this.#rest.indexOf(emptyLine)
    return at < 0 ? undefined : at + emptyLine.length
  }

  /** Whether a whole head was passed on, and `node:http` neither read it nor said why not. */
  #wasUnheard(): boolean {
    if (!this.#hadUpgrade || this.#head.length === 0) return false
    if (this.#headBytes > maxOddHeadBytes) return this.#tail.length === 0
    return wholeHead.test(Buffer.concat(this.#head).toString('latin1'))
  }
}
