import type { Readable } from 'node:stream'

/** What is longer is cut: a program may write without end, and without a line's end. */
const maxLength = 65_536

/** Tells each line of a stream, without its end. */
export const eachLine = (stream: Readable, tell: (line: string) => void): void => {
  let held = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const [first = '', ...others] = text.split('\n')
    held = (held + first).slice(0, maxLength)
    for (const next of others) {
      tell(held)
      held = next.slice(0, maxLength)
    }
  })
  stream.on('end', () => {
    if (held !== '') tell(held)
  })
}
