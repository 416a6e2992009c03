import type { CallOptions, Outcome, SecretProvider, SecretRef, SecretVersion } from '@keyplane/core'
import { checkedVersion } from '../cache/checked-version.ts'
import type { Registrar } from './registrar.ts'

/** The provider, with each value that it gives or takes noted by the registrar. */
export const withMaskRegistrar = (provider: SecretProvider, registrar: Registrar): SecretProvider => {
  const { getSync, many, state, list, watch, write, leases } = provider
  const noted = (ref: SecretRef, version: SecretVersion): SecretVersion => {
    registrar.note(ref, checkedVersion(version, provider.name))
    return version
  }
  const notedAll = (refs: readonly SecretRef[], outcomes: readonly Outcome<SecretVersion>[]) => {
    outcomes.forEach((outcome, index) => {
      const ref = refs[index]
      if (outcome.ok && ref) noted(ref, outcome.value)
    })
    return outcomes
  }
  return {
    name: provider.name,
    ...(provider.local && { local: true as const }),
    get: async (ref: SecretRef, call?: CallOptions) => noted(ref, await provider.get(ref, call)),
    ...(getSync && {
      getSync: (ref) => {
        const version = getSync.call(provider, ref)
        return version && noted(ref, version)
      },
    }),
    ...(many && {
      many: {
        maxRefs: many.maxRefs,
        get: async (refs, call) => notedAll(refs, await many.get(refs, call)),
        savesCalls: () => many.savesCalls?.() ?? true,
      },
    }),
    ...(state && { state }),
    ...(list && { list }),
    ...(watch && { watch }),
    ...(write && { write: notedWriter(write, noted) }),
    ...(leases && { leases }),
    refresh: () => provider.refresh?.(),
    close: async () => provider.close?.(),
  }
}

/** What a program writes it holds already, and may log. */
const notedWriter = (
  write: NonNullable<SecretProvider['write']>,
  noted: (ref: SecretRef, version: SecretVersion) => SecretVersion,
): NonNullable<SecretProvider['write']> => {
  const { moveStage } = write
  return {
    put: async (ref, value, options, call) => {
      noted(ref, { id: ref.id, value })
      return write.put(ref, value, options, call)
    },
    remove: (id, options, call) => write.remove(id, options, call),
    ...(moveStage && { moveStage: (id, stage, move, call) => moveStage.call(write, id, stage, move, call) }),
  }
}
