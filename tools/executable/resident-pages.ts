import { readFileSync, readlinkSync } from 'node:fs'

interface Mapping {
  readonly from: bigint
  readonly length: bigint
}

interface LibC {
  readonly symbols: { madvise(from: bigint, length: bigint, advice: number): number }
}

/** From madvise(2): of a file's clean pages it says that they can be mapped anew when somebody reads them again. */
const dontNeed = 4
/** The start is over by then; where it is not, a later look finds what it left. */
const startMs = 500
const lookMs = 10_000
/** What it must have grown by: less is not worth mapping again what is needed still. */
const growthBytes = 8 * 1_048_576

/**
 * Keeps the process small. A start, or the first calls to AWS, run through 25 MB of the executable, of which answering
 * takes a third; the rest would stay resident. It is given back; nothing of it is written, and little is read again.
 */
export const keepSmall = async (): Promise<void> => {
  const { dlopen } = (await import('bun:ffi' as string)) as { dlopen(file: string, symbols: object): LibC }
  const { symbols } = dlopen('libc.so.6', { madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' } })
  let smallest = 0
  const look = (): void => {
    if (process.memoryUsage.rss() < smallest + growthBytes) return
    const mappings = cleanMappings(readFileSync('/proc/self/smaps', 'latin1'), readlinkSync('/proc/self/exe'))
    for (const { from, length } of mappings) symbols.madvise(from, length, dontNeed)
    smallest = process.memoryUsage.rss()
  }
  setTimeout(look, startMs).unref()
  setInterval(look, lookMs).unref()
}

/** Of a program's own mappings those that were never written to, as proc(5) tells them: they hold what the file holds. */
export const cleanMappings = (smaps: string, program: string): readonly Mapping[] =>
  smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((mapping) => {
    const [, start, end, path] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \S+ +(.*)$/m.exec(mapping) ?? []
    // A page that was written to is the process's own from then on. (Dirty is also what the file's writer has not synced.)
    const isUnchanged = /^Anonymous: +0 kB$/m.test(mapping)
    if (start === undefined || end === undefined || path !== program || !isUnchanged) return []
    const from = BigInt(`0x${start}`)
    return [{ from, length: BigInt(`0x${end}`) - from }]
  })
