import vm from 'node:vm'
import { SecretsError } from '@keyplane/core'
import type { decide } from '@keyplane/policy'
import { vectors } from '../vector.ts'
import { mutatedDecide } from './mutated.ts'
import type { Mutant } from './mutants.ts'
import { refusedDocuments, unheardOf } from './refused.ts'

/** Something that a right `decide` passes. */
export interface Trial {
  readonly name: string
  readonly passes: (tried: typeof decide) => boolean
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const ofVectors = vectors().map(({ name, request, policies, file }): Trial => {
  const { message: _, ...expected } = file.expect
  return { name, passes: (tried) => same(tried(request, policies), expected) }
})

const ofRefused = refusedDocuments.map(
  ({ name, request, policies }): Trial => ({
    name,
    passes: (tried) => {
      try {
        tried(request, policies)
        return false
      } catch (error) {
        return error instanceof SecretsError && error.code === 'config_invalid'
      }
    },
  }),
)

const ofUnheardOf = unheardOf.map(
  ({ name, request, policies, expected }): Trial => ({
    name,
    passes: (tried) => same(tried(request, policies), expected),
  }),
)

/** The vectors, and what no vector can ask. */
export const trials: readonly Trial[] = [...ofVectors, ...ofUnheardOf, ...ofRefused]

/** Longer than all trials take by far, so that a mutant that never ends is found out. */
const timeout = 5000

/** The name of a trial that the mutant fails, or the error that it ends in; `undefined` where it passes them all. */
export const killerOf = (mutant: Pick<Mutant, 'file' | 'text'>, tried: readonly Trial[]): string | undefined => {
  const run = (): string | undefined => {
    const decide = mutatedDecide(mutant)
    return tried.find(({ passes }) => !passes(decide))?.name
  }
  try {
    return vm.runInContext('run()', vm.createContext({ run }), { timeout }) as string | undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
