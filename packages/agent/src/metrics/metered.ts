import { type CallOptions, type Clock, passedOn, type SecretProvider, toSecretsError } from '@keyplane/core'
import type { UpstreamMeter } from './upstream-meter.ts'

/** The provider, with its calls counted by what is asked of it: `get`, `many`, `describe`. */
export const metered = (provider: SecretProvider, upstream: UpstreamMeter, clock: Clock): SecretProvider => {
  const { many, state } = provider
  const noted = async <T>(operation: string, call: CallOptions | undefined, act: () => Promise<T>): Promise<T> => {
    const beganAtMs = clock.monotonicMs()
    const note = (outcome: string): void =>
      upstream.note({ operation, outcome, durationMs: clock.monotonicMs() - beganAtMs })
    try {
      const result = await act()
      note('ok')
      return result
    } catch (thrown) {
      note(call?.signal?.aborted ? 'aborted' : toSecretsError(thrown).code)
      throw thrown
    }
  }
  return {
    ...passedOn(provider),
    get: (ref, call) => noted('get', call, () => provider.get(ref, call)),
    ...(many && {
      many: {
        maxRefs: many.maxRefs,
        savesCalls: () => many.savesCalls?.() ?? true,
        get: (refs, call) => noted('many', call, () => many.get(refs, call)),
      },
    }),
    ...(state && {
      state: {
        maxRefs: state.maxRefs,
        describe: (refs, call) => noted('describe', call, () => state.describe(refs, call)),
      },
    }),
  }
}
