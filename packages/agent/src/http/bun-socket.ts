import { Duplex } from 'node:stream'

/** A socket of Bun's own. */
export interface NativeSocket {
  data: {
    onBytes(bytes: Buffer): void
    onDrain(): void
    onEnd(): void
    onClose(error?: Error): void
  }
  /** How many bytes were taken; fewer than given, or none, where the peer does not read. Negative: it is closed. */
  write(bytes: Uint8Array): number
  pause(): void
  resume(): void
  /** Says that nothing more is sent. */
  shutdown(): void
  close(): void
}

/** As much of `net.Socket` as the agent needs: bytes that somebody waits for come and go without the stream's machinery. */
export class BunSocket extends Duplex {
  readonly #native: NativeSocket
  #isPaused = false
  /** What the peer has not taken yet. */
  #unsent: { readonly bytes: Uint8Array; readonly done: (error?: Error | null) => void } | undefined
  #idleMs = 0
  #idle: NodeJS.Timeout | undefined
  #movedAtMs = 0

  constructor(native: NativeSocket) {
    super({ allowHalfOpen: true })
    this.#native = native
  }

  onBytes(bytes: Buffer): void {
    this.#moved()
    // As `push` does where the stream flows, but it asks for more behind each chunk.
    if (this.readableFlowing && this.readableLength === 0) this.emit('data', bytes)
    else if (!this.push(bytes)) this.#pause()
  }

  onDrain(): void {
    if (!this.#unsent) return
    this.#moved()
    const { bytes, done } = this.#unsent
    this.#unsent = undefined
    this.#send(bytes, done)
  }

  onEnd(): void {
    this.push(null)
  }

  onClose(error?: Error): void {
    this.destroy(error)
  }

  /** Emits `timeout` when nothing has moved for so long; again with each call. */
  setTimeout(ms: number): this {
    this.#idleMs = ms
    this.#moved()
    clearTimeout(this.#idle)
    this.#lookIfIdle()
    return this
  }

  override write(bytes: Uint8Array, ...rest: unknown[]): boolean {
    if (this.writableLength > 0 || this.writableEnded || this.destroyed || rest.length > 0)
      return (super.write as (...given: unknown[]) => boolean).call(this, bytes, ...rest)
    this.#moved()
    const taken = this.#native.write(bytes)
    return taken === bytes.length || super.write(bytes.subarray(Math.max(0, taken)))
  }

  override _read(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#native.resume()
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#moved()
    this.#send(bytes, done)
  }

  override _final(done: () => void): void {
    this.#native.shutdown()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idle)
    this.#native.close()
    done(error)
  }

  #send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    const taken = Math.max(0, this.#native.write(bytes))
    if (taken === bytes.length) done()
    else this.#unsent = { bytes: bytes.subarray(taken), done }
  }

  #pause(): void {
    this.#isPaused = true
    this.#native.pause()
  }

  #moved(): void {
    if (this.#idleMs > 0) this.#movedAtMs = performance.now()
  }

  #lookIfIdle(): void {
    const leftMs = this.#movedAtMs + this.#idleMs - performance.now()
    if (leftMs <= 0) this.emit('timeout')
    else this.#idle = setTimeout(() => this.#lookIfIdle(), leftMs).unref()
  }
}
