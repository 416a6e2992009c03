import type { SecretProvider } from './provider.ts'

/**
 * All of a provider but its single reads, as it is: for a layer that changes some of it and is content that the rest goes
 * by. A layer that every call has to pass names each ability itself, so that a new one can't go around it.
 */
export const passedOn = (provider: SecretProvider): Omit<SecretProvider, 'get' | 'getSync'> => {
  const { many, state, list, watch, write, leases } = provider
  return {
    name: provider.name,
    ...(provider.local && { local: true as const }),
    ...(many && { many }),
    ...(state && { state }),
    ...(list && { list }),
    ...(watch && { watch }),
    ...(write && { write }),
    ...(leases && { leases }),
    refresh: () => provider.refresh?.(),
    close: async () => provider.close?.(),
  }
}
