import { equivalents } from './equivalents.ts'
import { sources } from './mutated.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { killerOf, type Trial } from './trial.ts'

/** What became of the mutants of some files. */
export interface Survey {
  readonly killed: number
  /** Those that change nothing that anybody can see, and are known for it. */
  readonly equivalent: number
  /** The names of those that pass every trial. */
  readonly survivors: readonly string[]
  /** Names that `equivalents` has of these files, but that are killed, or of no mutant. */
  readonly stale: readonly string[]
}

/** The files that a decision is made in, and those that it asks. */
export const decisionFiles: readonly string[] = [...sources.keys()].filter((file) =>
  /^(?:decide|hearing|verdict|grants|compiled-policy|match\/.*|conditions\/.*)\.ts$/.test(file),
)

/** Tries every mutant of these files. */
export const survey = (files: readonly string[], trials: readonly Trial[]): Survey => {
  const mutants = files.flatMap((file) => mutantsOf(file, sourceOf(file)))
  const alive = mutants.filter((mutant) => killerOf(mutant, trials) === undefined)
  const names = new Set(alive.map(({ name }) => name))
  const killed = new Set(mutants.filter((mutant) => !alive.includes(mutant)).map(({ name }) => name))
  const known = [...equivalents.keys()].filter((name) => files.some((file) => name.startsWith(`${file}: `)))
  return {
    killed: mutants.length - alive.length,
    equivalent: alive.filter(({ name }) => equivalents.has(name)).length,
    survivors: [...names].filter((name) => !equivalents.has(name)),
    stale: known.filter((name) => killed.has(name) || !names.has(name)),
  }
}

/** The name of a trial that the package as it is fails: then nothing is told by a mutant that fails it. */
export const unfit = (trials: readonly Trial[]): string | undefined =>
  killerOf({ file: 'decide.ts', text: sourceOf('decide.ts') } satisfies Pick<Mutant, 'file' | 'text'>, trials)

const sourceOf = (file: string): string => {
  const text = sources.get(file)
  if (text === undefined) throw new Error(`the package has no source ${file}`)
  return text
}
