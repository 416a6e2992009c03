import { statSync } from 'node:fs'
import type { Clock } from '@keyplane/core'

/** Files are looked at this often. */
const pollMs = 1_000

/**
 * Looks every second whether one of the files has become another, until the function that it gives is called. Several are
 * told of once they have been left alone for a second: what belongs together is written one by one.
 */
export const followFiles = (paths: readonly string[], clock: Clock, onChange: () => void): (() => void) => {
  let known = stampsOf(paths)
  let last = known
  const look = (): void => {
    const stamps = stampsOf(paths)
    if (stamps !== known && (paths.length === 1 || stamps === last)) {
      known = stamps
      onChange()
    }
    last = stamps
    timer = clock.after(pollMs, look)
  }
  let timer = clock.after(pollMs, look)
  return () => timer.cancel()
}

const stampsOf = (paths: readonly string[]): string => paths.map(stampOf).join(' ')

/** Tells one content of the file from the next without reading it; that it can't be reached, and why, is a state too. */
const stampOf = (path: string): string => {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true })
    return `${ino}:${mtimeNs}:${size}`
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
