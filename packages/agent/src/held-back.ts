import { type Clock, passedOn, type SecretProvider, SecretsError } from '@keyplane/core'

/** Who asks too early waits for so long: the event that opens may be on its way. */
const waitMs = 1_000

/**
 * The provider, which nothing is asked of before `opens` resolves: who asks earlier waits for a second at most, and is
 * told `closed`, which is no fault of the source's. Only reads are passed on.
 */
export const heldBack = (provider: SecretProvider, opens: Promise<unknown>, clock: Clock): SecretProvider => {
  const { many, state } = provider
  let isOpen = false
  const onOpen = (): void => {
    isOpen = true
  }
  const opened = opens.then(onOpen, onOpen)
  const pass = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (!isOpen) await orTooEarly(opened, clock, provider.name)
    return ask()
  }
  return {
    ...passedOn(provider),
    get: (ref, call) => pass(() => provider.get(ref, call)),
    ...(many && {
      many: {
        maxRefs: many.maxRefs,
        savesCalls: () => many.savesCalls?.() ?? true,
        get: (refs, call) => pass(() => many.get(refs, call)),
      },
    }),
    ...(state && {
      state: { maxRefs: state.maxRefs, describe: (refs, call) => pass(() => state.describe(refs, call)) },
    }),
  }
}

const orTooEarly = (opened: Promise<void>, clock: Clock, source: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = clock.after(waitMs, () =>
      reject(
        new SecretsError('closed', 'No secret is read yet; ask again in a moment.', { source, reason: 'too_early' }),
      ),
    )
    void opened.then(() => {
      timer.cancel()
      resolve()
    })
  })
