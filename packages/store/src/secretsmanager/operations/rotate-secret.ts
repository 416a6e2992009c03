import { uuid } from '@keyplane/core'
import type { Statement } from '@keyplane/database'
import type { RotateSecretRequest, RotateSecretResponse, RotationRules } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, type Decided, loadPresent, requireWritable } from '../change-secret.ts'
import { requireToken } from '../versions/client-request-token.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, listOf, type Shape, structure, text } from '../../parsing/member.ts'
import { arn, clientRequestToken, secretId } from '../../parsing/members.ts'
import { requireRotationRules } from '../rotation-rules.ts'
import { secretTarget } from '../secret-target.ts'
import { anchorOf, type Counting, type Keeping, nextRotationMs, rulesOf } from '../../rotation/next-rotation.ts'
import { type Administered, isAsSetUp, notAsSetUp } from '../../rotation/administered.ts'
import { isBuiltIn, needsAdmin } from '../../rotation/built-in-rotators.ts'
import { isTrialVersion } from '../../rotation/trial-version.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRotationRow } from '../../storage/tables.ts'
import { requireAccess } from '../require-access.ts'
import {
  current,
  holderOf,
  type Labels,
  labelsAfterMove,
  labelsAfterPutWith,
  labelsOf,
  pending,
  requireFewLabels,
} from '../versions/version-stages.ts'

export const rotateSecretShape: Shape<RotateSecretRequest> = {
  SecretId: secretId,
  ClientRequestToken: clientRequestToken,
  RotationLambdaARN: text({ max: 2048 }),
  RotationRules: structure<RotationRules>({
    // Its bounds have an error of their own.
    AutomaticallyAfterDays: integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    Duration: text({ min: 2, max: 3, pattern: /^[0-9]+h$/ }),
    ScheduleExpression: text({ min: 1, max: 256, pattern: /^[0-9A-Za-z()#?*\-/, ]+$/ }),
  }),
  ExternalSecretRotationMetadata: listOf(
    structure({ Key: text({ min: 1, max: 256 }), Value: text({ min: 1, max: 2048 }) }),
    { max: 100 },
  ),
  ExternalSecretRotationRoleArn: arn,
  RotateImmediately: flag(),
}

/**
 * Says how a secret is rotated, and has it rotated: an empty version waits for its value under AWSPENDING, and the answer
 * waits for nothing. With RotateImmediately false the schedule is set, and tried.
 */
export const rotateSecret = async (
  context: OperationContext,
  input: RotateSecretRequest,
): Promise<RotateSecretResponse> => {
  const versionId = requireToken(input.ClientRequestToken, 'InvalidParameterException')
  requireRotationRules(input.RotationRules ?? {}, context.nowMs)
  const target = secretTarget(input.SecretId, context.caller)
  const { secret } = requireWritable(await loadPresent(context, target), context.nowMs)
  const known = await context.rotations.of(secret.id)
  const functionArn = input.RotationLambdaARN || known?.function_arn
  if (!functionArn)
    throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
  await context.rotating.requireInvokable(functionArn)
  const administered = await context.rotating.administered(secret.id, functionArn)
  const { master_arn: masterArn } = administered
  if (known && !input.RotationLambdaARN && !isAsSetUp(known, administered))
    throw awsError('InvalidRequestException', notAsSetUp)
  if (masterArn === null && needsAdmin(functionArn))
    throw awsError('InvalidRequestException', `The secret's value names no "masterarn", which ${functionArn} needs.`)
  // By that login another one's password is changed: who may not read it may not have it used.
  if (masterArn !== null) await requireAccess(context, 'secretsmanager:GetSecretValue', masterArn)
  const asks = { ...input, versionId, functionArn, administered }
  const outcome = await changeSecret(context, target, async (found) =>
    asked(context, requireWritable(found, context.nowMs), asks),
  )
  if (outcome === 'incomplete') {
    context.rotating.hasten(secret.id)
    throw awsError('InvalidRequestException', "A previous rotation isn't complete. That rotation will be reattempted.")
  }
  context.rotating.wake()
  // A trial would take the label of a version that a rotation left pending.
  if (input.RotateImmediately === false && outcome.left === undefined) context.rotating.tryOut(secret.id)
  return outcome.answer
}

/** Has a secret rotated whose time has come, as it is configured; nothing where that was cancelled meanwhile, or done. */
export const rotateScheduled = async (
  context: OperationContext,
  due: SecretRotationRow,
  arn: string,
): Promise<void> => {
  const target = secretTarget(arn, context.caller)
  const versionId = uuid(context.random)
  await changeSecret(context, target, async (found) => {
    const loaded = requireWritable(found, context.nowMs)
    const row = await context.rotations.of(loaded.secret.id)
    if (row?.enabled !== 1 || row.next_at_ms !== due.next_at_ms || row.pending_version !== null)
      return { arn, statements: [], output: undefined }
    return asked(context, loaded, { versionId, functionArn: row.function_arn, administered: row })
  })
}

interface Asked extends Pick<RotateSecretRequest, 'RotationRules' | 'RotateImmediately'> {
  readonly versionId: string
  readonly functionArn: string
  readonly administered: Administered
}

/** What RotateSecret answers, and the version that a function's rotation has left pending. */
interface Outcome {
  readonly answer: RotateSecretResponse
  readonly left?: string
}

const asked = async (
  context: OperationContext,
  { secret, stages }: LoadedSecret,
  asks: Asked,
): Promise<Decided<Outcome | 'incomplete'>> => {
  const { nowMs, rotations, versions, secrets, calendar } = context
  const { versionId, RotateImmediately: isImmediate = true } = asks
  const { id, arn } = secret
  const row = await rotations.of(id)
  const answer = { ARN: arn, Name: secret.name, VersionId: versionId }
  // The same call again, whether its rotation is under way or over.
  if (row?.pending_version === versionId || (await versions.byId(id, versionId)))
    return { arn, statements: [], output: { answer } }
  const update = secrets.update(secret, { changed_at_ms: nowMs })
  const before = labelsOf(stages)
  const waiting = waitingOf(before)
  // What is under way stays as it was begun.
  if (row && row.pending_version !== null) return { arn, statements: [], output: 'incomplete' }
  const configured = configuredRow(row, asks, { id, arn, nowMs, calendar })
  if (waiting !== undefined && waiting !== holderOf(before, current) && !isBuiltIn(asks.functionArn)) {
    // A function came so far and no farther: the target may have this version's credential.
    if (!row) return { arn, statements: [], output: 'incomplete' }
    const again = rotations.put({ ...configured, pending_version: isImmediate ? waiting : null })
    return { arn, statements: [update, again], output: isImmediate ? 'incomplete' : { answer, left: waiting } }
  }
  context.call.note({ VersionId: versionId })
  return {
    arn,
    output: { answer },
    statements: [
      update,
      ...(isImmediate ? await emptyVersion(context, { secret, stages }, versionId) : []),
      rotations.put(configured),
    ],
  }
}

/**
 * Has a version wait for its value under AWSPENDING. A rotation begins with the credential that readers have, and may go
 * back to it. @throws AwsError InvalidRequestException where there is none, LimitExceededException
 */
const emptyVersion = async (
  { versions, nowMs }: OperationContext,
  { secret, stages }: Pick<LoadedSecret, 'secret' | 'stages'>,
  versionId: string,
): Promise<readonly Statement[]> => {
  const readers = await versions.byLabel(secret.id, current)
  if (!readers || readers.version.kind === null)
    throw awsError('InvalidRequestException', 'The secret has no value that could be rotated: put one first.')
  const before = labelsOf(stages)
  const after = labelsAfterPutWith(before, versionId, [pending])
  // As many as there will be once it is current.
  requireFewLabels(labelsAfterMove(after, current, versionId))
  const version = {
    secret_id: secret.id,
    version_id: versionId,
    ordinal: secret.revision + 1,
    created_at_ms: nowMs,
    accessed_at_ms: 0,
    ...empty,
  }
  return [versions.insert(version), ...versions.relabel(secret.id, before, after)]
}

/** How a secret is rotated from here on: as the caller says, and as before where he says nothing. */
const configuredRow = (
  row: SecretRotationRow | undefined,
  { versionId, functionArn, administered, RotationRules: rules, RotateImmediately: isImmediate = true }: Asked,
  { id, nowMs, ...keeping }: Keeping & { readonly id: string; readonly nowMs: number },
): SecretRotationRow => {
  const given = rulesOf(rules, { known: row, nowMs })
  const { after_days, expression, duration } = given ?? row ?? noRules
  const isNew = !row || isSchedule(rules)
  const counting = isNew ? { anchorMs: nowMs, afterMs: nowMs } : countingOf(row)
  return {
    secret_id: id,
    enabled: 1,
    function_arn: functionArn,
    master_arn: administered.master_arn,
    user_digest: administered.user_digest,
    after_days,
    expression,
    duration,
    configured_at_ms: isNew ? nowMs : row.configured_at_ms,
    rotated_at_ms: row?.rotated_at_ms ?? null,
    next_at_ms:
      !isNew && row.enabled === 1
        ? row.next_at_ms
        : nextRotationMs({ after_days, expression, duration }, counting, keeping),
    pending_version: isImmediate ? versionId : null,
    asked_at_ms: isImmediate || !row ? nowMs : row.asked_at_ms,
  }
}

const isSchedule = (rules: RotationRules = {}): boolean =>
  rules.AutomaticallyAfterDays !== undefined || rules.ScheduleExpression !== undefined

/** A schedule that stays goes on where it was. One that was missed meanwhile is due; one that was begun was not missed. */
const countingOf = (row: SecretRotationRow): Counting => ({
  anchorMs: anchorOf(row),
  afterMs: Math.max(anchorOf(row), row.asked_at_ms),
})

/** The version that a rotation began. */
const waitingOf = (labels: Labels): string | undefined => {
  const held = holderOf(labels, pending)
  return held === undefined || isTrialVersion(held) ? undefined : held
}

const empty = { kind: null, sealed_value: null, wrapped_data_key: null, kms_key_id: null, kms_material: null }
const noRules = { after_days: null, expression: null, duration: null }
