import { SecretsError } from '@keyplane/core'
import { getSecretsManager } from '../default-manager.ts'
import { combinedError, problemOf } from '../combined-error.ts'
import type { SecretsManager } from '../secrets-manager.ts'
import type { SecretType } from './secret-types.ts'
import { Slot } from './slot.ts'

export type SecretDefinitions = Readonly<Record<string, SecretType<unknown>>>

/** An object with a property for each definition, of its type. */
export type DefinedSecrets<Definitions> = {
  readonly [Name in keyof Definitions]: Definitions[Name] extends SecretType<infer T> ? T : never
}

export interface DefineSecretsOptions {
  /** Where the secrets come from. Default: the process's own manager. */
  readonly from?: SecretsManager
  readonly signal?: AbortSignal
}

/**
 * Reads and checks all keys of a definition, and gives an object that has them with their types. A property is the value
 * of the moment: after a rotation it is the new one, unless that does not fit, which is told. Printed or serialised, the
 * object shows no secret.
 * @throws SecretsError with a line for each key that is missing, unreachable or not what it is said to be.
 */
export const defineSecrets = async <const Definitions extends SecretDefinitions>(
  definitions: Definitions,
  { from = getSecretsManager(), signal }: DefineSecretsOptions = {},
): Promise<DefinedSecrets<Definitions>> => {
  assertNames(Object.keys(definitions))
  const slots = Object.entries(definitions).map(([name, type]) => new Slot(name, type, from))
  const results = await Promise.allSettled(slots.map((slot) => slot.load(signal)))
  signal?.throwIfAborted()
  const problems = slots.flatMap(({ name }, index) => problemOf(name, results[index]))
  if (problems.length > 0) throw combinedError(problems, 'not as defined')
  return objectOf(slots) as DefinedSecrets<Definitions>
}

/** By these names the object keeps its secrets to itself where it is printed. */
const taken: readonly string[] = ['toJSON', 'toString']

const assertNames = (names: readonly string[]): void => {
  const wrong = names.filter((name) => taken.includes(name))
  if (wrong.length > 0)
    throw new SecretsError(
      'config_invalid',
      `No secret can be called ${wrong.join(' or ')} here; give it a name and a "key".`,
    )
}

/** What stands for a secret wherever the object is printed. */
const redacted = '[secret]'

const objectOf = (slots: readonly Slot[]): object => {
  const show = (): object =>
    Object.fromEntries(
      slots.map((slot) => [slot.name, slot.isSecret && slot.last !== undefined ? redacted : slot.last]),
    )
  const hidden = Object.freeze(
    Object.defineProperties(Object.create(null) as object, {
      toJSON: { value: show },
      toString: { value: () => redacted },
      [Symbol.for('nodejs.util.inspect.custom')]: { value: show },
    }),
  )
  const properties = slots.map((slot) => [slot.name, { enumerable: true, get: () => slot.current() }] as const)
  return Object.freeze(Object.create(hidden, Object.fromEntries(properties)) as object)
}
