import { SecretsError } from '@keyplane/core'
import type { MaskContent } from '../json-bytes.ts'
import { knownProcessValues } from './process-values.ts'
import { inBytes } from './value-forms.ts'
import type { ValueMatcher } from './value-matcher.ts'
import { matcherOf, type ValueRegistry } from './value-registry.ts'

/** Which values a masker looks for: those of a registry, or none. */
export type MaskedValues = ValueRegistry | false

/** Gives what finds the values, if there are any by then. */
export type ValueSource = () => ValueMatcher | undefined

type WithMatcher = { readonly [matcherOf]?: ValueMatcher }

/**
 * Where to look values up; those of the process by default.
 * @throws SecretsError `config_invalid` for a registry that `createValueRegistry` did not make.
 */
export const valueSource = (values?: MaskedValues): ValueSource => {
  if (values === false) return () => undefined
  if (values && !(values as WithMatcher)[matcherOf])
    throw new SecretsError('config_invalid', 'values must be false or a registry made by createValueRegistry.')
  return () => ((values ?? knownProcessValues()) as WithMatcher | undefined)?.[matcherOf]
}

/** Masks the values in texts, and in bytes that are given one character a byte, in every form. */
export const createValueMasker = (source: ValueSource): MaskContent => ({
  text: (text) => source()?.mask(text) ?? text,
  binary: (bytes) => source()?.mask(bytes, inBytes) ?? bytes,
})
