import type { Change, SecretProvider, SecretRef } from '@keyplane/core'
import { ChangePoller, type ChangePollerOptions } from './change-poller.ts'

export interface PollingOptions extends Omit<ChangePollerOptions, 'state' | 'onChanged' | 'onMet'> {
  /** Takes back what other processes have of it. Default: there are none. */
  readonly forget?: ((ref: SecretRef) => Promise<void>) | undefined
  readonly onChange: (change: Change) => void
}

/**
 * A source that says within an interval when what was read of it has changed. It is read, and no more asked for evidence:
 * that is the poller's. A source that gives none is as it was.
 */
export const withPolling = (source: SecretProvider, options: PollingOptions): SecretProvider => {
  const { state, many: _, ...rest } = source
  if (!state) return source
  const poller = new ChangePoller({
    ...options,
    state,
    onChanged: async (ref) => {
      await options.forget?.(ref)
      options.onChange({ kind: 'changed', id: ref.id })
    },
    onMet: ({ id }) => options.onChange({ kind: 'changed', id }),
  })
  return {
    ...rest,
    get: async (ref, call) => {
      const version = await source.get(ref, call)
      // What is leased is another one when it is replaced, and the source has nothing to look at.
      if (!version.lease) poller.note(ref, version)
      return version
    },
    close: async () => {
      poller.close()
      await source.close?.()
    },
  }
}
