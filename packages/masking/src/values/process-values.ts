import { createValueRegistry, type ValueRegistry } from './value-registry.ts'

/** A slot of the process, for there to be one registry even where this package is loaded twice. */
const slot = Symbol.for('@keyplane/masking/values')

/** The registry of the process, which every masker looks into unless it is told otherwise. */
export const processValues = (): ValueRegistry => {
  const known = knownProcessValues()
  if (known) return known
  const made = createValueRegistry()
  Object.defineProperty(globalThis, slot, { value: made })
  return made
}

/** The same if it was made already: as long as nobody asked for it, there is nothing in it. */
export const knownProcessValues = (): ValueRegistry | undefined =>
  (globalThis as { readonly [slot]?: ValueRegistry })[slot]
