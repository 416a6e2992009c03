import { type AwsCredentialSource, type AwsCredentials, errorCodeOfAws, partitionOf, signRequest } from '@keyplane/aws'
import { type Clock, SecretsError } from '@keyplane/core'
import { type HttpClient, httpClient, quotable } from '@keyplane/http'

export interface AssumeRoleOptions {
  readonly region: string
  /** Default: STS in the region. */
  readonly endpoint?: string
  /** Who assumes the role. */
  readonly credentials: AwsCredentialSource
  readonly clock: Clock
  readonly allowInsecureHttp?: boolean
  readonly ca?: string
  readonly userAgent?: string
}

/** The AWS agent's own, by which the role's use is told in CloudTrail. */
const sessionName = 'secrets-manager-agent'
const timeoutMs = 10_000

/** The text of an element that holds nothing else. */
const element = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replaceAll('&amp;', '&') ?? ''

const failure = (code: 'unavailable' | 'bad_response', what: string): SecretsError =>
  new SecretsError(code, `AssumeRole: ${what}`, { source: 'aws', reason: 'assume_role' })

const credentialsOf = (xml: string): AwsCredentials => {
  const [accessKeyId = '', secretAccessKey = '', sessionToken = '', expiration = ''] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => element(xml, name))
  const expiresAtMs = Date.parse(expiration)
  if (![accessKeyId, secretAccessKey, sessionToken].every((text) => /^[\x21-\x7e]+$/.test(text)))
    throw failure('bad_response', "STS's answer has no credentials.")
  if (Number.isNaN(expiresAtMs)) throw failure('bad_response', "STS's answer does not say when they expire.")
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs }
}

/** A refusal in the AWS agent's words; what may pass keeps its own. */
const refusal = (roleArn: string, status: number, xml: string): SecretsError => {
  const name = quotable(element(xml, 'Code'), { maxLength: 256 })
  const { code, reason } = errorCodeOfAws({ name, status, message: '' })
  const passes = code === 'unavailable' || code === 'rate_limited' || code === 'timeout' || reason === 'expired_token'
  if (passes)
    return new SecretsError(code, `AssumeRole: STS answered ${name}.`, { source: 'aws', ...(reason && { reason }) })
  const message = `Failed to create caching client from role: ${roleArn}`
  return new SecretsError('access_denied', `AssumeRole: STS answered ${name} for ${roleArn}.`, {
    source: 'aws',
    reason: 'assume_role',
    upstream: { protocol: 'aws-json-1.1', code: 'AccessDeniedException', status: 403, message },
  })
}

/**
 * Asks STS for the credentials of a role.
 * @throws SecretsError `access_denied`, in the AWS agent's words, where STS refuses; `unavailable`, `timeout`,
 * `rate_limited`, `bad_response`.
 */
export const assumeRole = async (roleArn: string, options: AssumeRoleOptions): Promise<AwsCredentials> => {
  const { region, clock, credentials: source, userAgent = 'keyplane' } = options
  const endpoint = options.endpoint ?? `https://sts.${region}.${partitionOf(region).dnsSuffix}`
  const http: HttpClient = httpClient({ ...options, endpoint, source: 'aws', timeoutMs })
  try {
    const credentials = await source()
    const asked = { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: roleArn, RoleSessionName: sessionName }
    const request = { method: 'POST', target: '/', body: new URLSearchParams(asked).toString() }
    const headers = { host: http.endpoint.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const signature = signRequest({ ...request, headers, credentials, region, service: 'sts', atMs: clock.nowMs() })
    const answer = await http.send({ ...request, headers: { ...headers, ...signature, 'user-agent': userAgent } })
    const xml = new TextDecoder().decode(answer.body)
    if (answer.status !== 200) throw refusal(roleArn, answer.status, xml)
    return credentialsOf(xml)
  } finally {
    http.close()
  }
}
