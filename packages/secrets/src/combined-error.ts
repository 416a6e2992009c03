import { SecretsError, toSecretsError } from '@keyplane/core'

/** What is wrong with one of several. */
export interface Problem {
  readonly name: string
  readonly error: SecretsError
}

/** The problem of a result, if it is one; a list, to be joined with others'. */
export const problemOf = (name: string, result: PromiseSettledResult<unknown> | undefined): Problem[] =>
  result?.status === 'rejected' ? [{ name, error: toSecretsError(result.reason) }] : []

/** Several problems as one error: a line for each in their order, and the first one's code. */
export const combinedError = (problems: readonly Problem[], what: string): SecretsError => {
  const lines = problems.map(({ name, error }) => `  ${JSON.stringify(name)}: ${error.message}`)
  const count = problems.length === 1 ? '1 secret' : `${problems.length} secrets`
  return new SecretsError(problems[0]?.error.code ?? 'internal', `${count} ${what}:\n${lines.join('\n')}`)
}
