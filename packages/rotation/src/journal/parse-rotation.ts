import { SecretsError } from '@keyplane/core'
import type { Rotation, RotationState } from '../machine/rotation.ts'

/**
 * A rotation's record, as it was written.
 * @throws SecretsError `integrity` for anything else, one member too many included; `unsupported` (`newer_schema`) for the
 * record of a newer version.
 */
export const parseRotation = (text: string): Rotation => {
  const record = parsed(text)
  const { schema, state } = record
  if (typeof schema === 'number' && schema > 1)
    throw new SecretsError('unsupported', 'The record of a rotation was written by a newer version; use that one.', {
      reason: 'newer_schema',
    })
  if (schema !== 1 || typeof state !== 'string' || !Object.hasOwn(shapes, state)) throw damaged('schema or state')
  const problem = problemOf(record, { ...facts, ...shapes[state as RotationState] })
  if (problem !== undefined) throw damaged(problem)
  return record as unknown as Rotation
}

/** The record of this secret's rotation. @throws SecretsError as `parseRotation`, `integrity` for another secret's. */
export const rotationOf = (secretId: string, text: string): Rotation => {
  const rotation = parseRotation(text)
  if (rotation.secretId === secretId) return rotation
  throw new SecretsError('integrity', 'The record of a rotation is another secret’s.', { reason: 'damaged_record' })
}

/** The text that `parseRotation` takes back. */
export const rotationText = (rotation: Rotation): string => JSON.stringify(rotation)

type Check = (value: unknown) => boolean
type Shape = Readonly<Record<string, { readonly check: Check; readonly optional?: true }>>

const text: Check = (value) => typeof value === 'string' && value !== ''
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const flag: Check = (value) => typeof value === 'boolean'
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)
const shaped =
  (shape: Shape): Check =>
  (value) =>
    isRecord(value) && problemOf(value, shape) === undefined
const required = (check: Check) => ({ check }) as const
const optional = (check: Check) => ({ check, optional: true }) as const
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

const retry = shaped({
  failures: required(whole),
  sinceMs: required(whole),
  notBeforeMs: required(whole),
  code: required(text),
  reason: optional(text),
})
const alertKinds = [
  'failing',
  'changed_behind',
  'rolled_back',
  'kept_new',
  'not_retired',
  'unacknowledged',
  'no_valid_credential',
] as const
const alert = shaped({
  kind: required(oneOf(...alertKinds)),
  raisedAtMs: required(whole),
  told: required(flag),
  laggards: optional(listOf(shaped({ id: required(text), name: required(text) }))),
})
const percent: Check = (value) => typeof value === 'number' && value > 0 && value <= 100
const canary = shaped({ percent: required(percent), observeMs: required(whole), maxRefusals: required(whole) })
const causes = ['refused', 'not_accepted', 'canary', 'not_verified', 'given_up', 'overtaken', 'requested'] as const
const cause = required(oneOf(...causes))

const facts: Shape = {
  schema: required(oneOf(1)),
  state: required(text),
  secretId: required(text),
  rotationId: required(text),
  rotator: required(text),
  startedAtMs: required(whole),
  changedAtMs: required(whole),
  pendingVersion: required(text),
  replaced: required(whole),
  keptNew: optional(oneOf(true)),
  canary: optional(canary),
  retry: optional(retry),
  alert: optional(alert),
}
const current: Shape = { currentVersion: required(text) }

const shapes: Readonly<Record<RotationState, Shape>> = {
  planned: {},
  checked: current,
  created: current,
  set: current,
  canary: {
    ...current,
    canary: required(canary),
    canaryAtMs: required(whole),
    promoteAtMs: required(whole),
    lookAtMs: optional(whole),
  },
  tested: current,
  promoted: current,
  verified: { ...current, verifiedAtMs: required(whole), retireAtMs: required(whole), lookAtMs: optional(whole) },
  finished: { ...current, endedAtMs: required(whole) },
  'rolling-back': {
    ...current,
    step: required(oneOf('revert', 'restore', 'discard')),
    cause,
    afterwards: required(oneOf('end', 'replace')),
  },
  'rolled-back': { cause, endedAtMs: required(whole) },
  failed: {
    currentVersion: optional(text),
    cause: required(oneOf('no_valid_credential')),
    endedAtMs: required(whole),
  },
}

/** The first member that is not as it should be. */
const problemOf = (record: Readonly<Record<string, unknown>>, shape: Shape): string | undefined => {
  const unknown = Object.keys(record).find((name) => !Object.hasOwn(shape, name))
  if (unknown !== undefined) return `the member ${JSON.stringify(unknown)}, which has no place in it`
  return Object.entries(shape).find(([name, member]) =>
    Object.hasOwn(record, name) ? !member.check(record[name]) : !member.optional,
  )?.[0]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    // As for any other text that is no record.
  }
  throw damaged('its form')
}

const damaged = (what: string): SecretsError =>
  new SecretsError('integrity', `The record of a rotation is damaged: ${what}.`, { reason: 'damaged_record' })
