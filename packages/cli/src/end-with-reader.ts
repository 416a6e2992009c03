import { constants } from 'node:os'
import { exitCodes } from './exit-codes.ts'

/** Whoever reads our output may go: what runs on is told to end, anything else ends as by SIGPIPE, without a word. */
export const endWithReader = (): void => {
  let isEnding = false
  const onWriteError = ({ code }: NodeJS.ErrnoException): void => {
    // What is written on the way to the end fails likewise.
    if (isEnding) return
    isEnding = code === 'EPIPE' && process.emit('SIGTERM', 'SIGTERM')
    if (!isEnding) process.exit(code === 'EPIPE' ? 128 + constants.signals.SIGPIPE : exitCodes.error)
  }
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onWriteError)
}
