import type { CallOptions, SecretProvider } from '@keyplane/core'

/** Runs one call to a source; what it is given decides how: bounded, repeated, refused. */
export type RunCall = <T>(act: (call: CallOptions) => Promise<T>, call: CallOptions) => Promise<T>

/**
 * The provider with every call of every ability passed through `run`. Each member is named, so that a new ability is
 * either carried through each layer or missing for all to see; streams (`list`, `watch`) pass as they are.
 */
export const around = (provider: SecretProvider, run: RunCall): SecretProvider => {
  const { many, state, list, watch, write, leases } = provider
  return {
    name: provider.name,
    ...(provider.local && { local: true as const }),
    get: (ref, call = {}) => run((inner) => provider.get(ref, inner), call),
    ...(many && {
      many: {
        maxRefs: many.maxRefs,
        get: (refs, call = {}) => run((inner) => many.get(refs, inner), call),
      },
    }),
    ...(state && {
      state: {
        maxRefs: state.maxRefs,
        describe: (refs, call = {}) => run((inner) => state.describe(refs, inner), call),
      },
    }),
    ...(list && { list }),
    ...(watch && { watch }),
    ...(write && { write: writerAround(write, run) }),
    ...(leases && {
      leases: {
        renew: (lease, call = {}) => run((inner) => leases.renew(lease, inner), call),
        revoke: (lease, call = {}) => run((inner) => leases.revoke(lease, inner), call),
      },
    }),
    refresh: async () => provider.refresh?.(),
    close: async () => provider.close?.(),
  }
}

const writerAround = (
  write: NonNullable<SecretProvider['write']>,
  run: RunCall,
): NonNullable<SecretProvider['write']> => {
  const { moveStage } = write
  return {
    // Safe to repeat: the idempotency key makes the same write twice one write.
    put: (ref, value, options, call = {}) => run((inner) => write.put(ref, value, options, inner), call),
    remove: (id, options, call = {}) => run((inner) => write.remove(id, options, inner), call),
    ...(moveStage && {
      moveStage: (id, stage, move, call = {}) => run((inner) => moveStage.call(write, id, stage, move, inner), call),
    }),
  }
}
