import type {
  DescribeSecretResponse,
  GetSecretValueResponse,
  PutSecretValueResponse,
  SecretFacts,
  SecretListEntry,
} from '@keyplane/aws'
import { stageOfLabel } from '@keyplane/aws'
import {
  BytesValue,
  SecretsError,
  type SecretState,
  type SecretValue,
  type SecretVersion,
  type Stage,
  TextValue,
} from '@keyplane/core'
import { decodeBase64 } from '@keyplane/protocol'

const malformed = (operation: string, what: string): SecretsError =>
  new SecretsError('bad_response', `${operation}: AWS's answer ${what}.`, { source: 'aws' })

const requiredText = (operation: string, name: string, member: unknown): string => {
  if (typeof member !== 'string' || member === '') throw malformed(operation, `has no ${name}`)
  return member
}

/** Epoch seconds as milliseconds, without the error of the decimal point: microseconds are kept. */
const millis = (operation: string, name: string, seconds: unknown): number | undefined => {
  if (seconds === undefined || seconds === null) return undefined
  if (typeof seconds !== 'number' || !Number.isFinite(seconds))
    throw malformed(operation, `has a ${name} that is no date`)
  return Math.round(seconds * 1e6) / 1e3
}

/** What nearly every version has, kept once for all. */
const current: readonly Stage[] = Object.freeze(['current'] as const)

const stagesOf = (operation: string, labels: unknown): readonly Stage[] => {
  if (!Array.isArray(labels) || !labels.every((label): label is string => typeof label === 'string'))
    throw malformed(operation, 'has staging labels that are no texts')
  const stages = labels.map(stageOfLabel)
  return stages.length === 1 && stages[0] === 'current' ? current : Object.freeze(stages)
}

const valueOf = (operation: string, answer: GetSecretValueResponse): SecretValue => {
  const { SecretString: text, SecretBinary: base64 } = answer
  const [hasText, hasBytes] = [text ?? undefined, base64 ?? undefined].map((member) => member !== undefined)
  if (hasText === hasBytes) throw malformed(operation, hasText ? 'has two values' : 'has no value')
  if (hasText) {
    if (typeof text !== 'string') throw malformed(operation, 'has a SecretString that is no text')
    return new TextValue(text)
  }
  const bytes = typeof base64 === 'string' ? decodeBase64(base64) : undefined
  if (!bytes) throw malformed(operation, 'has a SecretBinary that is no base64')
  return new BytesValue(bytes)
}

/** The version that GetSecretValue, or an entry of a batch, gives. @throws SecretsError `bad_response` where it is none. */
export const versionOfAnswer = (answer: GetSecretValueResponse, operation = 'GetSecretValue'): SecretVersion => {
  const createdAtMs = millis(operation, 'CreatedDate', answer.CreatedDate)
  return Object.freeze({
    id: requiredText(operation, 'ARN', answer.ARN),
    name: requiredText(operation, 'Name', answer.Name),
    version: requiredText(operation, 'VersionId', answer.VersionId),
    ...(answer.VersionStages ? { stages: stagesOf(operation, answer.VersionStages) } : {}),
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    value: valueOf(operation, answer),
  })
}

/** The version that a write made. */
export const versionOfWrite = (operation: string, answer: PutSecretValueResponse, value: SecretValue): SecretVersion =>
  Object.freeze({
    id: requiredText(operation, 'ARN', answer.ARN),
    name: requiredText(operation, 'Name', answer.Name),
    version: requiredText(operation, 'VersionId', answer.VersionId),
    ...(answer.VersionStages ? { stages: stagesOf(operation, answer.VersionStages) } : {}),
    value,
  })

const stateOf = (operation: string, facts: SecretFacts, labels: unknown): SecretState => {
  const changedAtMs = millis(operation, 'LastChangedDate', facts.LastChangedDate)
  const deletedAtMs = millis(operation, 'DeletedDate', facts.DeletedDate)
  const versions = new Map<string, readonly Stage[]>()
  if (typeof (labels ?? {}) !== 'object') throw malformed(operation, 'has no map of versions')
  for (const [version, held] of Object.entries(labels ?? {})) versions.set(version, stagesOf(operation, held))
  return {
    id: requiredText(operation, 'ARN', facts.ARN),
    versions,
    ...(changedAtMs === undefined ? {} : { changedAtMs }),
    ...(deletedAtMs === undefined ? {} : { deletedAtMs }),
  }
}

/** How a secret stands, by DescribeSecret. */
export const stateOfAnswer = (answer: DescribeSecretResponse): SecretState =>
  stateOf('DescribeSecret', answer, answer.VersionIdsToStages)

/** How a secret stands, by an entry of ListSecrets. */
export const stateOfEntry = (entry: SecretListEntry): SecretState & { readonly name: string } => ({
  ...stateOf('ListSecrets', entry, entry.SecretVersionsToStages),
  name: requiredText('ListSecrets', 'Name', entry.Name),
})
