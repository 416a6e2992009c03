import {
  type CallOptions,
  type ErrorCode,
  type Outcome,
  type SecretProvider,
  type SecretRef,
  SecretsError,
} from '@keyplane/core'

export interface CallKind {
  /**
   * What a failure may be of, rather than of the source: the role by which all of the call's reads are, or the credential
   * that all are about.
   */
  readonly apart?: string | undefined
  /** It changes nothing at the source, nor makes anything there. */
  readonly isRead?: boolean
}

/** Runs one call to a source; what it is given decides how: bounded, repeated, refused. */
export type RunCall = <T>(act: (call: CallOptions) => Promise<T>, call: CallOptions, kind?: CallKind) => Promise<T>

/**
 * The provider with every call of every ability passed through `run`. Each member is named, so that a new ability is
 * either carried through each layer or missing for all to see; streams (`list`, `watch`) pass as they are.
 */
export const around = (provider: SecretProvider, run: RunCall): SecretProvider => {
  const { many, state, list, watch, write, leases } = provider
  // A credential is made, and ended, in something behind the source: a database, say.
  const isLeased = (ref: SecretRef): boolean => leases?.isLeased(ref) ?? false
  const kindOf = (refs: readonly SecretRef[]): CallKind => {
    const [apart, ...others] = new Set(refs.map((ref) => ref.as ?? (isLeased(ref) ? ref.id : undefined)))
    return { apart: others.length === 0 ? apart : undefined, isRead: !refs.some(isLeased) }
  }
  return {
    name: provider.name,
    ...(provider.local && { local: true as const }),
    get: (ref, call = {}) => run((inner) => provider.get(ref, inner), call, kindOf([ref])),
    ...(many && {
      many: {
        maxRefs: many.maxRefs,
        get: (refs, call = {}) => runMany(run, (inner) => many.get(refs, inner), call, { refs, kind: kindOf(refs) }),
        savesCalls: () => many.savesCalls?.() ?? true,
      },
    }),
    ...(state && {
      state: {
        maxRefs: state.maxRefs,
        describe: (refs, call = {}) =>
          runMany(run, (inner) => state.describe(refs, inner), call, { refs, kind: kindOf(refs) }),
      },
    }),
    ...(list && { list }),
    ...(watch && { watch }),
    ...(write && { write: writerAround(write, run) }),
    ...(leases && {
      leases: {
        isLeased: (ref) => leases.isLeased(ref),
        loginLeftMs: (lease) => leases.loginLeftMs?.(lease) ?? Number.POSITIVE_INFINITY,
        renew: (lease, call = {}) => run((inner) => leases.renew(lease, inner), call),
        revoke: (lease, call = {}) => run((inner) => leases.revoke(lease, inner), call),
      },
    }),
    refresh: () => provider.refresh?.(),
    close: async () => provider.close?.(),
  }
}

/** Failures of the source itself, not of one secret. */
const ofSource: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['unavailable', 'timeout', 'rate_limited', 'bad_response'])

/**
 * A call with an outcome for each ref. Where all of them are the source's own failure the layers see it as one, or they
 * would take it for an answer; the caller gets outcomes all the same.
 */
const runMany = async <T>(
  run: RunCall,
  act: (call: CallOptions) => Promise<readonly Outcome<T>[]>,
  call: CallOptions,
  { refs, kind }: { readonly refs: readonly SecretRef[]; readonly kind: CallKind },
): Promise<readonly Outcome<T>[]> => {
  try {
    return await run(
      async (inner) => {
        const outcomes = await act(inner)
        const [first] = outcomes
        const isDown = outcomes.every((outcome) => !outcome.ok && ofSource.has(outcome.error.code))
        if (isDown && first && !first.ok) throw first.error
        return outcomes
      },
      call,
      kind,
    )
  } catch (thrown) {
    if (!(thrown instanceof SecretsError) || !ofSource.has(thrown.code)) throw thrown
    return refs.map(() => ({ ok: false as const, error: thrown }))
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
