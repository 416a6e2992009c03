import { BytesValue, SecretsError, type SecretValue, type SecretVersion, TextValue } from '@keyplane/core'
import { decodeBase64, encodeBase64 } from '../base64.ts'
import { labelledStage, stageLabel } from './stage-labels.ts'

/**
 * The agent's answer for a version: compact JSON in the AWS agent's order of keys. `SecretString`, `SecretBinary` and
 * `VersionStages` are left out where they are absent, the others become null; `CreatedDate` is a text of seconds.
 */
export const encodeSecret = ({ id, name, version, value, stages, createdAtMs }: SecretVersion): string =>
  JSON.stringify({
    ARN: id,
    Name: name ?? null,
    VersionId: version ?? null,
    ...(value.kind === 'text' ? { SecretString: value.reveal() } : { SecretBinary: encodeBase64(value.reveal()) }),
    ...(stages ? { VersionStages: stages.map(stageLabel) } : {}),
    CreatedDate: createdAtMs === undefined ? null : String(createdAtMs / 1_000),
  })

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `The agent's answer ${what}.`, { source: 'agent' })

type Members = Readonly<Record<string, unknown>>

const optionalText = (members: Members, name: string): string | undefined => {
  const member = members[name] ?? undefined
  if (member !== undefined && typeof member !== 'string') throw malformed(`has a ${name} that is no text`)
  return member
}

const readValue = (members: Members): SecretValue => {
  const text = optionalText(members, 'SecretString')
  const base64 = optionalText(members, 'SecretBinary')
  if (text !== undefined && base64 === undefined) return new TextValue(text)
  const bytes = text === undefined && base64 !== undefined ? decodeBase64(base64) : undefined
  if (!bytes) throw malformed('has no value, two, or one that is no base64')
  return new BytesValue(bytes)
}

const readLabels = (members: Members): readonly string[] | undefined => {
  const labels: unknown = members['VersionStages'] ?? undefined
  if (labels === undefined) return undefined
  if (!Array.isArray(labels) || !labels.every((label): label is string => typeof label === 'string'))
    throw malformed('has VersionStages that are no texts')
  return labels
}

/** Epoch milliseconds; a millisecond's fraction is kept to the microsecond, and no error of the decimal point with it. */
const readCreated = (members: Members): number | undefined => {
  const created = members['CreatedDate'] ?? undefined
  if (created === undefined) return undefined
  const seconds = typeof created === 'string' && /^-?\d{1,13}(?:\.\d{1,9})?$/.test(created) ? Number(created) : created
  if (typeof seconds !== 'number') throw malformed('has a CreatedDate that is no number of seconds')
  return Math.round(seconds * 1e6) / 1e3
}

const parseMembers = (body: string): Members => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    // The parser's message quotes the text, which may hold a value.
    throw malformed('is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw malformed('is not an object')
  return parsed as Members
}

/**
 * The version that an answer of the agent holds. Members that are not known are passed over.
 * @throws SecretsError `bad_response` for anything that is no such answer.
 */
export const parseSecret = (body: string): SecretVersion => {
  const members = parseMembers(body)
  const name = optionalText(members, 'Name')
  const id = optionalText(members, 'ARN') ?? name
  if (id === undefined) throw malformed('names no secret')
  const version = optionalText(members, 'VersionId')
  const stages = readLabels(members)?.map(labelledStage)
  const createdAtMs = readCreated(members)
  return Object.freeze({
    id,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(stages ? { stages: Object.freeze(stages) } : {}),
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    value: readValue(members),
  })
}
