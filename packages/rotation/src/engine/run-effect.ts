import { SecretsError, type SecretValue } from '@keyplane/core'
import type { Effect } from '../machine/effect.ts'
import type { Rotation } from '../machine/rotation.ts'
import type { Credentials, RotatorCall } from '../ports/rotator.ts'
import type { FencedWrite } from '../ports/secret-versions.ts'
import { acknowledgedBy, faresBadly, observe } from './ask-consumers.ts'
import type { Act, EffectParts, EffectResult } from './effect-parts.ts'

/** Does one effect, whether or not it was done before. What it throws means that its outcome is not known. */
export const runEffect = (effect: Effect, rotation: Rotation, parts: EffectParts): Promise<EffectResult> =>
  acts[effect](rotation, parts)

const done = (effect: Exclude<Effect, 'check'>, { nowMs }: EffectParts): EffectResult => ({
  kind: 'done',
  effect,
  atMs: nowMs(),
})

const check: Act = async (_, { versions, rotator, call, nowMs }) => {
  const { versionId, value } = await versions.current(call.secretId)
  const accepted = (await rotator.test(call, value)) === 'accepted'
  return { kind: 'checked', currentVersion: versionId, accepted, repairs: rotator.repairs, atMs: nowMs() }
}

const create: Act = async (rotation, parts) => {
  const { versions, rotator, call } = parts
  const versionId = call.pendingVersion
  if ((await versions.read(call.secretId, versionId)) === undefined) {
    const value = await rotator.create(call, await valueOf(parts, oldVersion(rotation)))
    call.requireLease()
    await versions.stage(writeOf(call), { versionId, value })
  }
  return done('create', parts)
}

const set: Act = async (rotation, parts) => {
  const { rotator, call, nowMs } = parts
  const credentials = await credentialsOf(rotation, parts)
  call.requireLease()
  const answer = await rotator.set(call, credentials)
  return answer === 'refused' ? { kind: 'refused', effect: 'set', atMs: nowMs() } : done('set', parts)
}

const test: Act = async (_, parts) => {
  const { rotator, call, nowMs } = parts
  const answer = await rotator.test(call, await valueOf(parts, call.pendingVersion))
  return answer === 'refused' ? { kind: 'refused', effect: 'test', atMs: nowMs() } : done('test', parts)
}

const promote: Act = async (rotation, parts) => {
  const { versions, call, nowMs } = parts
  const { versionId: found, value } = await versions.current(call.secretId)
  if (found !== call.pendingVersion) {
    if (await faresBadly(rotation, parts)) return { kind: 'refused', effect: 'promote', atMs: nowMs() }
    // Another one's version stays where it works; one that the target refuses makes way.
    if (found !== oldVersion(rotation) && (await isAccepted(value, parts))) return { kind: 'overtaken', atMs: nowMs() }
    call.requireLease()
    await versions.promote(writeOf(call), { from: found, to: call.pendingVersion })
  }
  return done('promote', parts)
}

const verify: Act = async (_, parts) => {
  const { versions, rotator, call, nowMs } = parts
  const { versionId, value } = await versions.current(call.secretId)
  // What somebody else made current meanwhile is not this rotation's to judge.
  const answer = versionId === call.pendingVersion ? await rotator.test(call, value) : 'accepted'
  return answer === 'refused' ? { kind: 'refused', effect: 'verify', atMs: nowMs() } : done('verify', parts)
}

const retire: Act = async (rotation, parts) => {
  const { versions, rotator, call } = parts
  const acknowledged = await acknowledgedBy(rotation, parts)
  if ('untilMs' in acknowledged) return acknowledged
  const { versionId } = await versions.current(call.secretId)
  if (versionId === call.pendingVersion) {
    const credentials = await credentialsOf(rotation, parts)
    call.requireLease()
    await rotator.retire(call, credentials)
  }
  return { ...done('retire', parts), ...acknowledged }
}

const revert: Act = async (rotation, parts) => {
  const { versions, rotator, call, nowMs } = parts
  if (await isOvertaken(rotation, parts)) return done('revert', parts)
  const accepts = async (value: SecretValue): Promise<boolean> => (await rotator.test(call, value)) === 'accepted'
  if ((await versions.read(call.secretId, call.pendingVersion)) === undefined) {
    if (await accepts(await valueOf(parts, oldVersion(rotation)))) return done('revert', parts)
    if (!rotator.repairs) return { kind: 'irreversible', newAccepted: false, atMs: nowMs() }
    // A target that makes its credentials itself may have made one whose answer was lost: it has to be asked again.
    await create(rotation, parts)
  }
  const credentials = await credentialsOf(rotation, parts)
  call.requireLease()
  await rotator.revert(call, credentials)
  // Nothing is thrown away before the old credential has been used.
  if (await accepts(credentials.current)) return done('revert', parts)
  return { kind: 'irreversible', newAccepted: await accepts(credentials.pending), atMs: nowMs() }
}

/** Whether somebody else made a version current that the target accepts: a revert would take that away. */
const isOvertaken = async (rotation: Rotation, parts: EffectParts): Promise<boolean> => {
  const { versions, call } = parts
  const { versionId, value } = await versions.current(call.secretId)
  if (versionId === call.pendingVersion || versionId === oldVersion(rotation)) return false
  return isAccepted(value, parts)
}

/** Whether the target accepts what somebody else put there; what the rotator can make nothing of, no retry makes right. */
const isAccepted = async (value: SecretValue, { rotator, call }: EffectParts): Promise<boolean> => {
  try {
    return (await rotator.test(call, value)) === 'accepted'
  } catch (error) {
    if (error instanceof SecretsError && error.reason === 'value_shape') return false
    throw error
  }
}

const restore: Act = async (rotation, parts) => {
  const { versions, call } = parts
  const { versionId } = await versions.current(call.secretId)
  const to = oldVersion(rotation)
  if (versionId !== to && !(await isOvertaken(rotation, parts))) {
    call.requireLease()
    await versions.promote(writeOf(call), { from: versionId, to })
  }
  return done('restore', parts)
}

const discard: Act = async (rotation, parts) => {
  const { versions, rotator, call } = parts
  const { versionId, value: current } = await versions.current(call.secretId)
  const pending = await versions.read(call.secretId, call.pendingVersion)
  call.requireLease()
  // What somebody else made current meanwhile may be the pending credential.
  if (pending && versionId === oldVersion(rotation)) await rotator.discard?.(call, { current, pending })
  call.requireLease()
  await versions.discard(writeOf(call), call.pendingVersion)
  return done('discard', parts)
}

const acts: Readonly<Record<Effect, Act>> = {
  check,
  create,
  set,
  test,
  observe,
  promote,
  verify,
  retire,
  revert,
  restore,
  discard,
}

const writeOf = ({ secretId, fence }: RotatorCall): FencedWrite => ({ secretId, fence })

const credentialsOf = async (rotation: Rotation, parts: EffectParts): Promise<Credentials> => ({
  current: await valueOf(parts, oldVersion(rotation)),
  pending: await valueOf(parts, parts.call.pendingVersion),
})

const valueOf = async ({ versions, call }: EffectParts, versionId: string): Promise<SecretValue> => {
  const value = await versions.read(call.secretId, versionId)
  if (value) return value
  throw new SecretsError('version_not_found', `The version "${versionId}" of "${call.secretId}" is not there.`)
}

const oldVersion = (rotation: Rotation): string => {
  if ('currentVersion' in rotation && rotation.currentVersion !== undefined) return rotation.currentVersion
  throw new SecretsError('internal', 'A rotation went on before it was known which version is current.')
}
