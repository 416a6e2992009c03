import { splitTarget } from './request-target.ts'

/** What a caller asks the agent for, in the caller's spelling. */
export interface GetSecretRequest {
  readonly ok: true
  readonly secretId: string
  /** May be empty: the AWS agent passes an empty one on, and AWS refuses it. */
  readonly versionId?: string
  readonly versionStage?: string
  readonly refreshNow: boolean
  readonly roleArn?: string
  /** The one field that is wanted, of a secret that is a JSON object. The AWS agent has no such parameter. Never empty. */
  readonly jsonKey?: string
}

/** An answer in plain text, byte for byte the AWS agent's. */
export interface AgentRefusal {
  readonly ok: false
  readonly status: number
  readonly body: string
}

export interface GetSecretRoutes {
  /** Where the path form begins. Default `/v1/`. */
  readonly pathPrefix?: string
}

/** The path of the query form. */
export const getSecretPath = '/secretsmanager/get'

const refuse = (status: number, body: string): AgentRefusal => ({ ok: false, status, body })

const refreshValues: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }

/** Bytes above ASCII as escapes, so that decoding reads them as the UTF-8 that they are. */
const escapeHighBytes = (text: string): string =>
  text.replace(
    /[\u0080-\uffff]/g,
    (byte) => `%${(byte.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`,
  )

type Parameters = { -readonly [Name in 'secretId' | 'versionId' | 'versionStage' | 'roleArn' | 'jsonKey']?: string } & {
  refreshNow: boolean
}

/** Parameters from left to right: the first that is wrong refuses, the last of a name counts. */
const readParameters = (query: string, secretIdAllowed: boolean): Parameters | AgentRefusal => {
  const parameters: Parameters = { refreshNow: false }
  // A leading question mark would be dropped from the query, whose own it may be.
  for (const [name, value] of new URLSearchParams(`&${escapeHighBytes(query)}`)) {
    if (name === 'versionId' || name === 'versionStage' || name === 'roleArn') parameters[name] = value
    else if (name === 'secretId' && secretIdAllowed) parameters.secretId = value
    else if (name === 'jsonKey') {
      if (value === '') return refuse(400, 'invalid jsonKey value')
      parameters.jsonKey = value
    } else if (name === 'refreshNow') {
      const lower = value.toLowerCase()
      if (!Object.hasOwn(refreshValues, lower)) return refuse(400, 'invalid refreshNow value')
      parameters.refreshNow = refreshValues[lower] ?? false
    } else return refuse(400, `unknown parameter: ${name}`)
  }
  return parameters
}

/** AWS's form of a role, as the agent checks it. */
const rolePattern = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/

const finish = (parameters: Parameters, secretId: string): GetSecretRequest | AgentRefusal => {
  const { roleArn } = parameters
  if (roleArn !== undefined && !rolePattern.test(roleArn))
    return refuse(400, 'invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>')
  return { ok: true, ...parameters, secretId }
}

const fromQuery = (query: string): GetSecretRequest | AgentRefusal => {
  const parameters = readParameters(query, true)
  if ('ok' in parameters) return parameters
  return parameters.secretId ? finish(parameters, parameters.secretId) : refuse(400, 'missing parameter secretId')
}

const isDotSegment = (segment: string): boolean => /^(?:\.|%2e){1,2}$/i.test(segment)

/** What a URL parser escapes in a path; the rest of the id stays as it was sent, escapes included. */
const escapePath = (path: string): string =>
  escapeHighBytes(path).replace(/["<>`{} ]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const fromPath = (path: string, query: string, prefix: string): GetSecretRequest | AgentRefusal => {
  const id = path.slice(prefix.length).replaceAll('\\', '/')
  if (id === '') return refuse(400, 'missing secret ID')
  // The AWS agent resolves them and cuts the id from what is left: `/v1/../secretsmanager/get` asks for `retsmanager/get`.
  if (id.split('/').some(isDotSegment)) return refuse(400, 'invalid secret ID')
  const parameters = readParameters(query, false)
  return 'ok' in parameters ? parameters : finish(parameters, escapePath(id))
}

/**
 * Reads the agent's two forms of a request: `/secretsmanager/get?secretId=…` and `/v1/<secretId>`, whose id is not
 * decoded. Texts, statuses and the order of checks are the AWS agent's, but for two of its faults: dot segments in the
 * path form are refused, and an absolute-form target is read by its path.
 */
export const parseGetSecret = (
  target: string,
  { pathPrefix = '/v1/' }: GetSecretRoutes = {},
): GetSecretRequest | AgentRefusal => {
  const { path, query } = splitTarget(target)
  if (path === getSecretPath) return fromQuery(query)
  return path !== '' && path.startsWith(pathPrefix) ? fromPath(path, query, pathPrefix) : refuse(404, 'Not found')
}

/** The query form's target for a request: what a client of the agent sends. */
export const getSecretTarget = (request: {
  readonly secretId: string
  readonly versionId?: string
  readonly versionStage?: string
  readonly refreshNow?: boolean
  readonly roleArn?: string
}): string => {
  const parameters = new URLSearchParams({ secretId: request.secretId })
  for (const name of ['versionId', 'versionStage', 'roleArn'] as const) {
    const value = request[name]
    if (value !== undefined) parameters.set(name, value)
  }
  if (request.refreshNow) parameters.set('refreshNow', 'true')
  return `${getSecretPath}?${parameters.toString()}`
}
