import type { SecretVersion } from '@keyplane/core'
import type { Listener, Watches } from './watches.ts'

/** A key that has another version than before, or none. */
export interface SecretChange {
  readonly key: string
  readonly version: SecretVersion | undefined
  readonly before: SecretVersion | undefined
}

/** The changes of some keys, for a loop. Of changes that the loop is too slow for, each key's last one is given. */
export const secretChanges = (
  watches: Watches,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): AsyncIterableIterator<SecretChange> => {
  const waiting = new Map<string, SecretChange>()
  const waiter = { wake: (): void => {}, ended: false }
  const onChange = (key: string): Listener => {
    return (version, before) => {
      waiting.set(key, { key, version, before: waiting.get(key)?.before ?? before })
      waiter.wake()
    }
  }
  const ends = keys.map((key) => watches.add(key, onChange(key)))
  const end = (): void => {
    waiter.ended = true
    for (const act of ends) act()
    signal?.removeEventListener('abort', end)
    waiter.wake()
  }
  ends.push(watches.atEnd(end))
  if (signal?.aborted) end()
  else signal?.addEventListener('abort', end, { once: true })
  const next = async (): Promise<IteratorResult<SecretChange>> => {
    for (;;) {
      const [change] = waiting.values()
      if (waiter.ended) return { done: true, value: undefined }
      if (change) {
        waiting.delete(change.key)
        return { done: false, value: change }
      }
      await new Promise<void>((resolve) => {
        waiter.wake = resolve
      })
    }
  }
  const changes: AsyncIterableIterator<SecretChange> = {
    [Symbol.asyncIterator]: () => changes,
    next,
    return: async () => {
      end()
      return { done: true, value: undefined }
    },
  }
  return changes
}
