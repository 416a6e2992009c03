import { SecretsError } from '@keyplane/core'
import { knownProcessValues } from './process-values.ts'
import type { ValueMatcher } from './value-matcher.ts'
import { matcherOf, type ValueRegistry } from './value-registry.ts'

/** Which values a masker looks for: those of a registry, or none. */
export type MaskedValues = ValueRegistry | false

type WithMatcher = { readonly [matcherOf]?: ValueMatcher }

/**
 * Masks the values of the registry in a text, in every form; those of the process by default.
 * @throws SecretsError `config_invalid` for a registry that `createValueRegistry` did not make.
 */
export const createValueMasker = (values?: MaskedValues): ((text: string) => string) => {
  if (values === false) return (text) => text
  if (values && !(values as WithMatcher)[matcherOf])
    throw new SecretsError('config_invalid', 'values must be false or a registry made by createValueRegistry.')
  return (text) => ((values ?? knownProcessValues()) as WithMatcher | undefined)?.[matcherOf]?.mask(text) ?? text
}
