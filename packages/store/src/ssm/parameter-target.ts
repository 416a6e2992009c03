/** What a parameter's name means. */
export interface ParameterTarget {
  /** The name without its selector. */
  readonly path: string
  /** The secret that it names, if it is one's; not checked. */
  readonly secretId?: string
  /** A label or a version's id: what stands behind the colon. */
  readonly selector?: string
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html */
export const secretsPrefix = '/aws/reference/secretsmanager/'

/** Reads a parameter's name: of a secret, with a version's id or label behind a colon, or of something else. */
export const parameterTarget = (name: string): ParameterTarget => {
  if (!name.startsWith(secretsPrefix)) return { path: name }
  const colon = name.indexOf(':')
  const path = colon < 0 ? name : name.slice(0, colon)
  const secretId = path.slice(secretsPrefix.length)
  return { path, secretId, ...(colon >= 0 && { selector: name.slice(colon + 1) }) }
}
