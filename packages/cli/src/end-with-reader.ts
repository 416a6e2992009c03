import { constants } from 'node:os'
import { exitCodes } from './exit-codes.ts'

const streams = [process.stdout, process.stderr] as const
let isEnding = false

const end = ({ code }: NodeJS.ErrnoException): void => {
  // What is written on the way to the end fails likewise.
  if (isEnding) return
  isEnding = code === 'EPIPE' && process.emit('SIGTERM', 'SIGTERM')
  if (!isEnding) process.exit(code === 'EPIPE' ? 128 + constants.signals.SIGPIPE : exitCodes.error)
}

const lose = (): void => {}

/** Whoever reads our output may go: what runs on is told to end, anything else ends as by SIGPIPE, without a word. */
export const endWithReader = (): void => {
  for (const stream of streams) stream.on('error', end)
}

/** For what serves others than its reader: from here on, what can't be written is lost, and nothing ends by that. */
export const outliveReader = (): void => {
  for (const stream of streams) stream.on('error', lose).off('error', end)
}
