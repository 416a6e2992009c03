import type { Transform } from 'node:stream'
import { builtin } from './builtin.ts'
import { LineStream } from './line-stream.ts'
import { createMasker, type MaskerOptions } from './masker.ts'
import { valueSource } from './values/mask-values.ts'
import { ValueStream } from './values/value-stream.ts'

export interface MaskStreamOptions extends MaskerOptions {
  /**
   * Whether keys and forms are masked as well, a line at a time: a line is shown when it is at its end. Of a line of
   * more than 64 KiB, only values are masked. Default: false, and `keys` means nothing.
   */
  readonly byLine?: boolean
}

/** Masks bytes that come in chunks, wherever they are cut. */
export interface StreamMasker {
  /** Takes the next bytes; gives those that are safe to show. */
  push(chunk: Uint8Array): Uint8Array
  /** Gives what was held back. */
  end(): Uint8Array
}

/** What `maskStream` does, for bytes that come in another way than by a stream of Node's. */
export const createStreamMasker = (options: MaskStreamOptions = {}): StreamMasker => {
  const source = valueSource(options.values)
  return options.byLine ? new LineStream(createMasker(options), source) : new ValueStream(source)
}

/**
 * A stream that masks what goes through it: `child.stdout.pipe(maskStream()).pipe(process.stdout)`. It finds registered
 * values in every form, wherever chunks are cut, in text and in binary data. What may still be the beginning of one is
 * held back until it is known to be one or not.
 */
export const maskStream = (options: MaskStreamOptions = {}): Transform => {
  const masker = createStreamMasker(options)
  return new (builtin('node:stream').Transform)({
    transform: (chunk: Buffer, _, done) => {
      try {
        done(null, masker.push(chunk))
      } catch (error) {
        done(error as Error)
      }
    },
    flush: (done) => done(null, masker.end()),
  })
}
