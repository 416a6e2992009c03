import { globMatches, type SecretRef, type SecretVersion } from '@keyplane/core'

/**
 * What a client may read, by globs of names. It is asked twice: before anything is looked for, so that a client learns
 * nothing of what is not its own; and of what was found, as an ARN does not tell for certain whose it is.
 */
export class Scope {
  readonly #globs: readonly string[]

  constructor(globs: readonly string[]) {
    this.#globs = globs
  }

  /** Whether the reference may mean one of its secrets. A role reads what nobody has named: none is assumed. */
  mayAsk({ id, as }: SecretRef): boolean {
    return as === undefined && !isPathElsewhere(id) && namesMeant(id).some((name) => this.#takes(name))
  }

  /** Whether a version is one of its secrets'. */
  mayHave({ id, name = id }: SecretVersion): boolean {
    return this.#takes(name)
  }

  #takes(name: string): boolean {
    return this.#globs.some((glob) => globMatches(glob, name))
  }
}

/** A source whose names are paths might resolve them: `app/../other` is no secret of `app/*`. */
const isPathElsewhere = (id: string): boolean => /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i.test(id)

const secretArn = /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:([^]+)$/
const parameterArn = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter\/([^]+)$/

/** The names that an id may mean: AWS ends a whole ARN with six characters of its own, and a part of one without. */
const namesMeant = (id: string): readonly string[] => {
  if (!id.startsWith('arn:')) return [id]
  const secret = secretArn.exec(id)?.[1]
  if (secret !== undefined) return [secret, secret.replace(/-[A-Za-z0-9]{6}$/, '')]
  const parameter = parameterArn.exec(id)?.[1]
  return parameter === undefined ? [id] : [parameter, `/${parameter}`]
}
