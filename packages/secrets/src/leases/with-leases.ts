import { type Clock, type LeaseKeeper, passedOn, type Random, type SecretProvider, SecretsError } from '@keyplane/core'
import type { HeldLease } from './held-lease.ts'
import type { LeaseBounds } from './lease-settings.ts'
import { within } from '../resilience/within.ts'
import { SharedLease, type SharedLeaseParts } from './shared-lease.ts'

export interface WithLeasesOptions
  extends Pick<SharedLeaseParts, 'negativeTtlMs' | 'retryAfterFailureMs' | 'onProblem'> {
  readonly bounds: LeaseBounds
  readonly clock: Clock
  readonly random: Random
}

/** For all leases at the end together: whoever stops a program waits no longer. */
const endMs = 3_000

/**
 * A provider whose leased secrets are made once for all callers, kept alive, replaced before they end, and ended when it is
 * closed. A leased secret is of no other version than the current one. A provider without leases is given back as it is.
 */
export const withLeases = (provider: SecretProvider, options: WithLeasesOptions): SecretProvider => {
  const { leases } = provider
  if (!leases) return provider
  const source = provider as SecretProvider & { readonly leases: LeaseKeeper }
  const shared = new Map<string, SharedLease>()
  let closed = false
  const sharedOf = (id: string): SharedLease => {
    const known = shared.get(id) ?? new SharedLease({ ...options, ref: { id }, source })
    shared.set(id, known)
    return known
  }
  return {
    ...passedOn(provider),
    get: async (ref, call = {}) => {
      const { id, version, stage, as } = ref
      // Those that are refused are the source's to refuse.
      const isCurrent = version === undefined && (stage ?? 'current') === 'current' && as === undefined
      if (!leases.isLeased(ref) || !isCurrent) return provider.get(ref, call)
      call.signal?.throwIfAborted()
      if (closed) throw new SecretsError('closed', `${provider.name} is closed.`, { source: provider.name })
      return sharedOf(id).get(call)
    },
    close: async () => {
      closed = true
      await endAll([...shared], source, options)
      await provider.close?.()
    },
  }
}

/** Ends all that live, as far as the time allows, and tells of those that go on. */
const endAll = async (
  shared: readonly (readonly [string, SharedLease])[],
  { leases, name }: SecretProvider & { readonly leases: LeaseKeeper },
  { clock, onProblem }: WithLeasesOptions,
): Promise<void> => {
  const deadlineAtMs = clock.monotonicMs() + endMs
  const revoked = ({ lease }: HeldLease): Promise<boolean> =>
    within(leases.revoke(lease, { deadlineAtMs }), { deadlineAtMs }, clock).then(
      () => true,
      () => false,
    )
  const end = async ([id, one]: readonly [string, SharedLease]): Promise<void> => {
    const ended = await within(one.end(), { deadlineAtMs }, clock)
      .then((living) => Promise.all(living.map(revoked)))
      .catch(() => [false])
    const left = ended.filter((isEnded) => !isEnded).length
    if (left > 0)
      onProblem(
        `${left} of the leases of ${JSON.stringify(id)} could not be ended: ${name} does when their time is over.`,
      )
  }
  await Promise.all(shared.map(end))
}
