import { SecretsError, systemClock } from '@keyplane/core'
import { type HttpAnswer, httpClient } from '@keyplane/http'
import { awaitCredentials } from './await-credentials.ts'
import type { AwsCredentials } from './credentials.ts'
import type { AwsCallOptions, AwsClientOptions } from './json-client.ts'
import { partitionOf } from './partition.ts'
import { signRequest } from './sigv4/sign.ts'
import { upstreamError } from './upstream-error.ts'

/** Whose credentials these are. */
export interface CallerIdentity {
  /** Twelve digits. */
  readonly account: string
  readonly arn: string
  readonly userId: string
}

const body = 'Action=GetCallerIdentity&Version=2011-06-15'

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const unescapeXml = (text: string): string =>
  text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const point = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })

/** The text of the one element of that name; `undefined` where there is none, several, or one with children. */
const elementText = (xml: string, name: string): string | undefined => {
  const found = [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))]
  return found.length === 1 ? unescapeXml(found[0]?.[1] ?? '') : undefined
}

const parseIdentity = (xml: string): CallerIdentity | undefined => {
  if (!/<GetCallerIdentityResponse[\s>]/.test(xml)) return undefined
  const [account, arn, userId] = ['Account', 'Arn', 'UserId'].map((name) => elementText(xml, name))
  if (account === undefined || !/^\d{12}$/.test(account)) return undefined
  return arn?.startsWith('arn:') && userId !== undefined ? { account, arn, userId } : undefined
}

const readAnswer = (
  answer: HttpAnswer,
  context: { readonly source: string; readonly nowMs: number; readonly credentials: AwsCredentials },
): CallerIdentity => {
  const { source } = context
  const xml = new TextDecoder().decode(answer.body)
  if (answer.status !== 200)
    throw upstreamError(
      answer,
      { name: elementText(xml, 'Code') ?? '', message: elementText(xml, 'Message') ?? '' },
      { protocol: 'aws-query', operation: 'GetCallerIdentity', ...context },
    )
  const identity = parseIdentity(xml)
  if (!identity) throw new SecretsError('bad_response', 'GetCallerIdentity: the answer has no identity.', { source })
  return identity
}

/**
 * Asks STS, at its regional endpoint, whose credentials these are.
 * @throws SecretsError `unauthenticated` where AWS does not take them; `unavailable`, `timeout`, `bad_response`.
 */
export const getCallerIdentity = async (
  options: AwsClientOptions,
  call: AwsCallOptions = {},
): Promise<CallerIdentity> => {
  const { region, clock = systemClock, source = 'aws' } = options
  const endpoint = options.endpoint ?? `https://sts.${region}.${partitionOf(region).dnsSuffix}`
  const http = httpClient({ ...options, endpoint, source, clock })
  try {
    const { credentials, timeoutMs } = await awaitCredentials(options.credentials, {
      clock,
      source,
      timeoutMs: call.timeoutMs ?? options.timeoutMs ?? 30_000,
      signals: [call.signal],
    })
    const headers = { host: http.endpoint.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const request = { method: 'POST', target: '/', body }
    const signature = signRequest({ ...request, headers, credentials, region, service: 'sts', atMs: clock.nowMs() })
    const sent = { ...headers, ...signature, 'user-agent': options.userAgent ?? 'keyplane' }
    const answer = await http.send({ ...request, ...call, headers: sent, timeoutMs })
    return readAnswer(answer, { source, nowMs: clock.nowMs(), credentials })
  } finally {
    http.close()
  }
}
