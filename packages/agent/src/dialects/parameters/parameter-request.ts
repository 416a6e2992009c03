import { splitTarget } from '@keyplane/protocol'

/** What a caller asks Parameter Store for. */
export interface ParameterRequest {
  readonly ok: true
  readonly name: string
  readonly version?: string
  readonly label?: string
  /** Default false, as at AWS: then a SecureString is not given as plain text. */
  readonly withDecryption: boolean
}

export interface ParameterRefusal {
  readonly ok: false
  readonly body: string
}

const parametersPath = '/systemsmanager/parameters/get'

/** Whether a target is the extension's for parameters. */
export const isForParameter = (target: string): boolean => splitTarget(target).path === parametersPath

const flags: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }

const refuse = (body: string): ParameterRefusal => ({ ok: false, body })

/**
 * Reads `/systemsmanager/parameters/get?name=…` as the AWS Parameters and Secrets Lambda Extension documents it. What it
 * answers to wrong parameters is not recorded: the texts are those of the agent's other route.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
 */
export const parseParameterRequest = (target: string): ParameterRequest | ParameterRefusal => {
  const given: { name?: string; version?: string; label?: string } = {}
  let withDecryption: boolean | undefined = false
  for (const [key, value] of new URLSearchParams(`&${splitTarget(target).query}`)) {
    if (key === 'name' || key === 'version' || key === 'label') given[key] = value
    else if (key === 'withDecryption') {
      const lower = value.toLowerCase()
      withDecryption = Object.hasOwn(flags, lower) ? flags[lower] : undefined
      if (withDecryption === undefined) return refuse('invalid withDecryption value')
    } else return refuse(`unknown parameter: ${key}`)
  }
  const { name, version, label } = given
  if (name === undefined || name === '') return refuse('missing parameter name')
  if (version !== undefined && label !== undefined) return refuse('version and label exclude each other')
  if (version !== undefined && !/^[1-9]\d{0,15}$/.test(version)) return refuse('invalid version value')
  if (label === '') return refuse('invalid label value')
  return { ok: true, ...given, name, withDecryption }
}
