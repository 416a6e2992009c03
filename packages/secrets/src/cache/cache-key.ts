import type { SecretRef } from '@keyplane/core'

/**
 * The key under which a reference is kept. References that can have different answers never share one: no part may hold
 * the separator (`with-cache.ts` refuses such ids), and a plain reference is its id itself, so that a hit builds no text.
 */
export const cacheKey = (ref: SecretRef, id: string = ref.id): string => {
  const { version, stage, as } = ref
  if (version === undefined && as === undefined && (stage === undefined || stage === 'current'))
    // No id may pass for a key of several parts.
    return id.charCodeAt(0) === 0 ? `\u0000\u0000${id}` : id
  // An empty version is not the same as none.
  const parts = [id, version, stage, as].map((part) => (part === undefined ? '-' : `=${part}`))
  // `current` is what no stage and no version mean.
  if (stage === 'current' && version === undefined) parts[2] = '-'
  return `\u0000${parts.join('\u0000')}`
}
