import type { SecretVersion } from '@keyplane/core'
import type { Watches } from './watches.ts'

/** A key that has another version than before, or none. */
export interface SecretChange {
  readonly key: string
  readonly version: SecretVersion | undefined
  readonly before: SecretVersion | undefined
}

/** The changes of some keys, for a loop. Of changes that the loop is too slow for, each key's last one is given. */
export async function* secretChanges(
  watches: Watches,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SecretChange> {
  const waiting = new Map<string, SecretChange>()
  let wake = (): void => {}
  const ends = keys.map((key) =>
    watches.add(key, (version, before) => {
      waiting.set(key, { key, version, before: waiting.get(key)?.before ?? before })
      wake()
    }),
  )
  const onEnd = (): void => wake()
  ends.push(watches.atEnd(onEnd))
  signal?.addEventListener('abort', onEnd, { once: true })
  try {
    for (;;) {
      if (signal?.aborted || watches.closed) return
      const [next] = waiting.values()
      if (next) {
        waiting.delete(next.key)
        yield next
      } else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    signal?.removeEventListener('abort', onEnd)
    for (const end of ends) end()
  }
}
