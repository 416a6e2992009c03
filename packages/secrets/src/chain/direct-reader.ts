import type { Clock, Reading, SecretProvider, SecretReader, SecretRef } from '@keyplane/core'
import { checkedVersion } from '../cache/checked-version.ts'

/** A reader over a local source: nothing is kept, so each answer is as old as the question. */
export const directReader = (provider: SecretProvider, clock: Clock): SecretReader => ({
  peek: (_ref: SecretRef): Reading | undefined => undefined,
  read: async (ref, call) => {
    const version = checkedVersion(await provider.get(ref, call), provider.name)
    const nowMs = clock.monotonicMs()
    return { version, source: provider.name, confirmedAtMs: nowMs, freshUntilMs: nowMs, generation: 1 }
  },
  invalidate: () => {},
})
