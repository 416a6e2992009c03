import { readFileSync } from 'node:fs'

/** Of 32 bits, all but the one that means nobody. */
const allUsers = 4_294_967_295

/**
 * The number by which the kernel calls every user that this process's user namespace has no number for; nothing where it
 * has one for each, and on systems without such namespaces. @see user_namespaces(7)
 */
export const unmappedUser = (
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): number | undefined => {
  try {
    const ranges = read('/proc/self/uid_map').trim().split('\n')
    const mapped = ranges.reduce((sum, range) => sum + Number(range.trim().split(/\s+/)[2]), 0)
    return mapped >= allUsers ? undefined : Number(read('/proc/sys/kernel/overflowuid'))
  } catch {
    return undefined
  }
}
