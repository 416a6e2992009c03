import type { Masker } from './masker.ts'
import type { ValueSource } from './values/mask-values.ts'
import { inBytes } from './values/value-forms.ts'
import { ValueStream } from './values/value-stream.ts'

/** A longer line goes on in pieces, masked by value alone. */
const maxLineLength = 65_536

const acrossLines = (form: string): boolean => form.includes('\n')
const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/**
 * Masks a stream of lines: values that reach over several first, then each line by its keys, its forms and its values,
 * as a logger's line is. JSON stays JSON. A line is shown when it is at its end.
 */
export class LineStream {
  readonly #masker: Masker
  readonly #source: ValueSource
  readonly #across: ValueStream
  /** The beginning of a line, one character a byte. */
  #line = ''
  /** Where the rest of a line goes that is too long. */
  #long: ValueStream | undefined

  constructor(masker: Masker, source: ValueSource) {
    this.#masker = masker
    this.#source = source
    this.#across = new ValueStream(source, acrossLines)
  }

  push(chunk: Uint8Array): Uint8Array {
    return Buffer.concat(this.#lines(this.#across.push(chunk)))
  }

  end(): Uint8Array {
    const shown = this.#lines(this.#across.end())
    if (this.#long) shown.push(this.#long.end())
    else if (this.#line !== '') shown.push(this.#mask(this.#line))
    this.#line = ''
    this.#long = undefined
    return Buffer.concat(shown)
  }

  #lines(bytes: Uint8Array): Uint8Array[] {
    const text = this.#line + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    const shown: Uint8Array[] = []
    let from = 0
    for (let end = text.indexOf('\n', this.#line.length); end !== -1; end = text.indexOf('\n', from)) {
      const line = text.slice(from, end + 1)
      from = end + 1
      if (this.#long) shown.push(this.#long.push(Buffer.from(line, 'latin1')), this.#long.end())
      else shown.push(this.#mask(line))
      this.#long = undefined
    }
    this.#line = text.slice(from)
    if (this.#long || this.#line.length > maxLineLength) {
      this.#long ??= new ValueStream(this.#source)
      shown.push(this.#long.push(Buffer.from(this.#line, 'latin1')))
      this.#line = ''
    }
    return shown
  }

  #mask(line: string): Uint8Array {
    if (isAscii(line)) return Buffer.from(this.#masker.line(line), 'latin1')
    const bytes = Buffer.from(line, 'latin1')
    const text = bytes.toString()
    // Bytes that are no text come out as others.
    if (Buffer.from(text).equals(bytes)) return Buffer.from(this.#masker.line(text))
    const shown = this.#source()?.mask(line, inBytes) ?? line
    return Buffer.from(this.#masker.line(shown), 'latin1')
  }
}
