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
  const ended = signal ? AbortSignal.any([signal, watches.ended]) : watches.ended
  const onEnd = (): void => wake()
  ended.addEventListener('abort', onEnd, { once: true })
  try {
    while (!ended.aborted) {
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
    ended.removeEventListener('abort', onEnd)
    for (const end of ends) end()
  }
}
