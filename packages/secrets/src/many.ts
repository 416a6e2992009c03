import { type Reading, revealText, type SecretsError } from '@keyplane/core'
import { problemOf } from './combined-error.ts'

/** What reading many secrets gave: each key is in one of the two. */
export interface ManySecrets<Key extends string = string> {
  readonly values: Readonly<Partial<Record<Key, string>>>
  /** Why a key has no value: what its sources said. */
  readonly errors: Readonly<Partial<Record<Key, SecretsError>>>
}

/** Enough for five calls of twenty; a source that reads one by one is not asked for thousands in one moment. */
const atOnce = 100

/** Reads each key once, many at the same time; one that fails does not fail the others. An abort fails all. */
export const readMany = async <Key extends string>(
  keys: readonly Key[],
  read: (key: string) => Promise<Reading>,
  signal?: AbortSignal,
): Promise<ManySecrets<Key>> => {
  const wanted = [...new Set(keys)]
  const results: PromiseSettledResult<string>[] = []
  for (let from = 0; from < wanted.length; from += atOnce) {
    const part = wanted.slice(from, from + atOnce)
    results.push(...(await Promise.allSettled(part.map(async (key) => revealText((await read(key)).version.value)))))
  }
  signal?.throwIfAborted()
  // Without a prototype, so that no key of the caller's meets one that is there already.
  const values = Object.create(null) as Partial<Record<Key, string>>
  const errors = Object.create(null) as Partial<Record<Key, SecretsError>>
  wanted.forEach((key, index) => {
    const result = results[index]
    if (result?.status === 'fulfilled') values[key] = result.value
    for (const { error } of problemOf(key, result)) errors[key] = error
  })
  return Object.freeze({ values: Object.freeze(values), errors: Object.freeze(errors) })
}
