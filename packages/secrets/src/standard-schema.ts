import { maskText } from '@keyplane/masking'

/**
 * The part of the Standard Schema that is used here: zod, valibot and arktype schemas all fit.
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  }
}

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

/** What a value was taken for, or why it was not. The reason never quotes the value. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }

/** The value as its schema gives it. What a schema says or throws may quote the value, so only the places are told. */
export const validated = <T>(schema: StandardSchema<T>, value: unknown): Parsed<T> | Promise<Parsed<T>> => {
  try {
    const result = schema['~standard'].validate(value)
    return result instanceof Promise ? result.then(parsedOf, () => misfit) : parsedOf(result)
  } catch {
    return misfit
  }
}

const misfit = { ok: false as const, why: 'does not fit its schema' }

const parsedOf = <T>(result: StandardResult<T>): Parsed<T> => {
  if (typeof result !== 'object' || result === null) return misfit
  if (!result.issues) return { ok: true, value: result.value }
  const places = result.issues.map(({ path = [] }) => path.map(shownStep).join('.'))
  const named = [...new Set(places)].filter((place) => place !== '')
  return named.length === 0 ? misfit : { ok: false, why: `${misfit.why} at ${named.join(', ')}` }
}

/** A key may be the data's own choice, and then anything: what is long, or looks like a secret, is left out. */
const shownStep = (step: PropertyKey | { readonly key: PropertyKey }): string => {
  const key = String(keyOf(step))
  return key.length > 24 || maskText(key) !== key ? '…' : key
}

const keyOf = (step: PropertyKey | { readonly key: PropertyKey }): PropertyKey =>
  typeof step === 'object' ? step.key : step
