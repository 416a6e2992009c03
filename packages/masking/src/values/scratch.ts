/** How much of a text is looked at in one go. */
export const scratchLength = 65_536

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

interface Scratch {
  readonly bytes: Buffer
  readonly words: Int32Array
}

let made: Scratch | undefined

const scratch = (): Scratch => {
  // A word more than can be filled: loops read the word after the last.
  const bytes = Buffer.allocUnsafeSlow(scratchLength + 8)
  made = { bytes, words: new Int32Array(bytes.buffer) }
  return made
}

/**
 * The text four characters a word, the first in the lowest byte, of each character the lower byte: loops over it are
 * several times as fast as over a string. It is good until the next call; what follows the text in it means nothing.
 */
export const wordsOf = (text: string): Int32Array => {
  const { bytes, words } = made ?? scratch()
  bytes.write(text, 0, scratchLength, 'latin1')
  if (!isLittleEndian) bytes.swap32()
  return words
}
