import { SecretsError, toSecretsError } from '@keyplane/core'
import { failureKind } from './chain/failure-kind.ts'

/** What is wrong with one of several. */
export interface Problem {
  readonly name: string
  readonly error: SecretsError
}

/** The problem of a result, if it is one; a list, to be joined with others'. */
export const problemOf = (name: string, result: PromiseSettledResult<unknown> | undefined): Problem[] =>
  result?.status === 'rejected' ? [{ name, error: toSecretsError(result.reason) }] : []

/** Several problems as one error: a line for each in their order, with the code of the first that is no absence. */
export const combinedError = (problems: readonly Problem[], what: string): SecretsError => {
  const lines = problems.map(({ name, error }) => `  ${JSON.stringify(name)}: ${error.message}`)
  const count = problems.length === 1 ? '1 secret' : `${problems.length} secrets`
  const telling = problems.find(({ error }) => failureKind[error.code] !== 'absent') ?? problems[0]
  return new SecretsError(telling?.error.code ?? 'internal', `${count} ${what}:\n${lines.join('\n')}`)
}
