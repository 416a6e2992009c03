import type { Parameter, ParameterMetadata } from '@keyplane/aws'
import { SecretsError, type SecretState, type SecretVersion, type Stage, TextValue } from '@keyplane/core'

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `Parameter Store's answer ${what}.`, { source: 'ssm' })

const requiredText = (name: string, member: unknown): string => {
  if (typeof member === 'string' && member !== '') return member
  throw malformed(`has no ${name}`)
}

const versionNumber = (member: unknown): number => {
  if (typeof member === 'number' && Number.isSafeInteger(member) && member >= 0) return member
  throw malformed('has no Version')
}

/** Epoch seconds as milliseconds, without the error of the decimal point. */
const changedAt = (member: unknown): number | undefined => {
  if (member === undefined || member === null) return undefined
  if (typeof member === 'number' && Number.isFinite(member)) return Math.round(member * 1e6) / 1e3
  throw malformed('has a LastModifiedDate that is no date')
}

/** The answer's parameter, if it is one at all. */
export const parameterOf = (member: unknown): Parameter => {
  if (typeof member === 'object' && member !== null && !Array.isArray(member)) return member
  throw malformed('has no parameter')
}

/** The number of a parameter's version. */
export const numberOf = (parameter: Parameter): number => versionNumber(parameter.Version)

/** The version that a parameter holds, with the stages under which it was asked for. */
export const versionOfParameter = (parameter: Parameter, stages?: readonly Stage[]): SecretVersion => {
  const createdAtMs = changedAt(parameter.LastModifiedDate)
  const value: unknown = parameter.Value
  if (typeof value !== 'string') throw malformed('has no Value')
  return Object.freeze({
    id: requiredText('ARN', parameter.ARN),
    name: requiredText('Name', parameter.Name),
    version: String(versionNumber(parameter.Version)),
    ...(stages ? { stages: Object.freeze([...stages]) } : {}),
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    value: new TextValue(value),
    attributes: Object.freeze({
      'ssm.type': requiredText('Type', parameter.Type),
      ...(typeof parameter.DataType === 'string' ? { 'ssm.dataType': parameter.DataType } : {}),
    }),
  })
}

/** How a parameter stands. A list from before 2024 tells no ARN: there the name stands in. */
export const stateOfParameter = (parameter: Parameter | ParameterMetadata): SecretState & { readonly name: string } => {
  const changedAtMs = changedAt(parameter.LastModifiedDate)
  const name = requiredText('Name', parameter.Name)
  return {
    id: parameter.ARN === undefined ? name : requiredText('ARN', parameter.ARN),
    name,
    versions: new Map([[String(versionNumber(parameter.Version)), ['current'] as const]]),
    ...(changedAtMs === undefined ? {} : { changedAtMs }),
  }
}
