import type { SecretRef } from '@keyplane/core'

/**
 * The key under which a reference is kept. References that can have different answers never share one: no part may hold
 * the separator (`with-cache.ts` refuses such ids), and a plain reference is its id itself, so that a hit builds no text.
 */
export const cacheKey = (ref: SecretRef, id: string = ref.id): string => {
  const stage = ref.stage === 'current' && ref.version === undefined ? undefined : ref.stage
  if (ref.version === undefined && stage === undefined && ref.as === undefined) return id
  // An empty version is not the same as none.
  return [id, ref.version, stage, ref.as].map((part) => (part === undefined ? '-' : `=${part}`)).join('\u0000')
}
