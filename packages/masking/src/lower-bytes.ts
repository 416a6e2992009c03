const keptLength = 65_536

/**
 * Gives the lower byte of each character of a text: loops over bytes are faster than over a string, much so where that
 * was put together from many. What it gave is good until it is called again, and longer than the text.
 */
export const lowerBytes = (): ((text: string) => Uint8Array) => {
  let kept: Buffer | undefined
  return (text) => {
    if (text.length > keptLength) return Buffer.from(text, 'latin1')
    kept ??= Buffer.allocUnsafeSlow(keptLength)
    kept.write(text, 0, keptLength, 'latin1')
    return kept
  }
}
