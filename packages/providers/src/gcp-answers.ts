import { BytesValue, SecretsError, type SecretState, type SecretValue, TextValue } from '@keyplane/core'
import { decodeBase64 } from '@keyplane/protocol'
import { crc32c } from './crc32c.ts'
import type { GcpAccessAnswer, GcpInteger, GcpSecret, GcpTimestamp } from './gcp-client.ts'

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `Google's answer ${what}.`, { source: 'gcp' })

/** The secret and the version that a version's resource name names. */
export const partsOfVersion = (
  resource: unknown,
): { readonly id: string; readonly name: string; readonly version: string } => {
  const match =
    typeof resource === 'string' ? /^(projects\/.+\/secrets\/([^/]+))\/versions\/(\d+)$/.exec(resource) : null
  const [, id, name, version] = match ?? []
  if (id === undefined || name === undefined || version === undefined) throw malformed('names no version')
  return { id, name, version }
}

const numberOf = (integer: GcpInteger): number => (typeof integer === 'object' ? integer.toNumber() : Number(integer))

/** A moment in milliseconds; nothing where there is none. */
export const momentOf = (moment: GcpTimestamp | null | undefined): number | undefined => {
  if (moment === undefined || moment === null) return undefined
  const ms = numberOf(moment.seconds ?? 0) * 1_000 + Math.round((moment.nanos ?? 0) / 1e3) / 1e3
  if (!Number.isFinite(ms)) throw malformed('has a date that is none')
  return ms
}

/** Google keeps bytes only: UTF-8 is taken for text. */
const asValue = (bytes: Uint8Array): SecretValue => {
  try {
    return new TextValue(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return new BytesValue(bytes)
  }
}

/** The value of a payload. @throws SecretsError `bad_response` where it is none, `integrity` where its checksum is another's. */
export const valueOfPayload = ({ payload }: GcpAccessAnswer): SecretValue => {
  const data = payload?.data ?? undefined
  const bytes = typeof data === 'string' ? decodeBase64(data) : data
  if (!(bytes instanceof Uint8Array)) throw malformed('has no payload')
  const sum = payload?.dataCrc32c ?? undefined
  if (sum !== undefined && numberOf(sum) !== crc32c(bytes))
    throw new SecretsError('integrity', "Google's answer was changed on its way: its checksum is another's.", {
      source: 'gcp',
    })
  return asValue(bytes)
}

const noVersions: SecretState['versions'] = new Map()

/** An entry of a list, which tells of no version. */
export const entryOfSecret = ({ name: resource, createTime }: GcpSecret): SecretState & { readonly name: string } => {
  const [, name] = /^projects\/.+\/secrets\/([^/]+)$/.exec(resource ?? '') ?? []
  if (name === undefined) throw malformed('lists a secret without a name')
  const changedAtMs = momentOf(createTime)
  return { id: resource as string, name, versions: noVersions, ...(changedAtMs === undefined ? {} : { changedAtMs }) }
}
