import { type SecretRef, SecretsError } from '@keyplane/core'

const source = 'ssm'
const maxId = 2_048

const noVersion = (id: string, what: string): SecretsError =>
  new SecretsError('version_not_found', `${JSON.stringify(id)}: ${what}.`, { source })

/**
 * What follows the name in Parameter Store's words, for a reference that one call answers: `:3`, `:label`, or nothing.
 * @throws SecretsError `version_not_found` for a version or a stage that no parameter can have.
 */
export const ssmSelector = ({ id, version, stage }: SecretRef): string => {
  if (version !== undefined && !/^[1-9]\d{0,15}$/.test(version)) throw noVersion(id, 'a version is a number from 1')
  if (stage === 'pending') throw noVersion(id, 'Parameter Store has no pending version')
  if (stage === undefined) return version === undefined ? '' : `:${version}`
  if (!stage.startsWith('label:')) return ''
  const label = stage.slice('label:'.length)
  // What begins with a digit would be taken for a version, and no label of Parameter Store begins so.
  if (!/^[A-Za-z_.-][\w.-]{0,99}$/.test(label)) throw noVersion(id, 'that is no label of Parameter Store')
  return `:${label}`
}

/**
 * The id, if it is a parameter's name or ARN.
 * @throws SecretsError `invalid_request` where it holds a version or label of its own, which a cache could not tell.
 */
export const checkedParameterId = (id: string): string => {
  const name = id.startsWith('arn:') ? (/^arn:[\w-]+:ssm:[\w-]+:(?:\d{12})?:parameter(.+)$/.exec(id)?.[1] ?? ':') : id
  if (name !== '' && id.length <= maxId && !name.includes(':')) return id
  throw new SecretsError(
    'invalid_request',
    `${JSON.stringify(id)}: give a parameter's name or ARN, and its version or label beside it.`,
    { source },
  )
}

/**
 * The name of a parameter that is to be written.
 * @throws SecretsError `invalid_request` for an ARN: Parameter Store takes none there.
 */
export const checkedParameterName = (id: string): string => {
  if (!id.startsWith('arn:')) return checkedParameterId(id)
  throw new SecretsError('invalid_request', `${JSON.stringify(id)}: a parameter is written by its name.`, { source })
}
