import type { KeyRules, Verdict } from './key-rules.ts'

const size = 1_024
const maxLength = 64

interface Known {
  readonly key: string
  readonly verdict: Verdict
}

/** The verdict on the key that stands in a line from `start` up to `end`; `bytes` are the lower bytes of the line. */
export type KeyVerdicts = (line: string, bytes: Uint8Array, start: number, end: number) => Verdict

/** The rules for keys in a line: a key that was met before is compared in its place, no string is made of it. */
export const createKeyVerdicts = (rules: KeyRules): KeyVerdicts => {
  const known: (Known | undefined)[] = []
  return (line, bytes, start, end) => {
    if (end - start > maxLength) return rules(line.slice(start, end))
    let hash = end - start
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const slot = (hash ^ (hash >>> 13)) & (size - 1)
    const met = known[slot]
    if (met !== undefined && met.key.length === end - start && line.startsWith(met.key, start)) return met.verdict
    const key = line.slice(start, end)
    const verdict = rules(key)
    if (known.length === 0) known.length = size
    known[slot] = { key, verdict }
    return verdict
  }
}
