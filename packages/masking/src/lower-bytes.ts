const keptLength = 65_536

/** The lower byte of each character of a text, one by one and two by two. What follows the text means nothing. */
export interface LowerBytes {
  readonly bytes: Buffer
  readonly pairs: Uint16Array
}

const viewsOf = (length: number): LowerBytes => {
  const bytes = Buffer.allocUnsafeSlow(length + 2)
  return { bytes, pairs: new Uint16Array(bytes.buffer, 0, bytes.length >> 1) }
}

/**
 * Gives the lower bytes of a text: loops over them are faster than over a string, much so where that was put together
 * from many. What it gave is good until it is called again.
 */
export const lowerBytes = (): ((text: string) => LowerBytes) => {
  let kept: LowerBytes | undefined
  return (text) => {
    const views = text.length > keptLength ? viewsOf(text.length) : (kept ??= viewsOf(keptLength))
    views.bytes.write(text, 0, text.length, 'latin1')
    return views
  }
}
