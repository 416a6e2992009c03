import type { RotateSecretRequest, RotateSecretResponse, RotationRules } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, type Decided, loadPresent, requireWritable } from '../change-secret.ts'
import { requireToken } from '../versions/client-request-token.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, listOf, type Shape, structure, text } from '../../parsing/member.ts'
import { arn, clientRequestToken, secretId } from '../../parsing/members.ts'
import { requireRotationRules } from '../rotation-rules.ts'
import { secretTarget } from '../secret-target.ts'
import { nextRotationMs, rulesOf } from '../../rotation/next-rotation.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import { current, holderOf, labelsAfterPutWith, labelsOf, pending } from '../versions/version-stages.ts'

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
 * waits for nothing. With RotateImmediately false only the schedule is set.
 */
export const rotateSecret = async (
  context: OperationContext,
  input: RotateSecretRequest,
): Promise<RotateSecretResponse> => {
  const versionId = requireToken(input.ClientRequestToken, 'InvalidParameterException')
  requireRotationRules(input.RotationRules ?? {})
  const target = secretTarget(input.SecretId, context.caller)
  const { secret: seen } = requireWritable(await loadPresent(context, target), context.nowMs)
  const known = await context.rotations.of(seen.id)
  const functionArn = input.RotationLambdaARN || known?.function_arn
  if (!functionArn)
    throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
  await context.rotating.requireInvokable(functionArn)
  const output = await changeSecret(context, target, async (found) =>
    asked(context, requireWritable(found, context.nowMs), { ...input, versionId, functionArn }),
  )
  context.rotating.wake()
  return output
}

interface Asked extends RotateSecretRequest {
  readonly versionId: string
  readonly functionArn: string
}

const asked = async (
  context: OperationContext,
  { secret, stages }: LoadedSecret,
  { versionId, functionArn, RotationRules: rules, RotateImmediately: isImmediate = true }: Asked,
): Promise<Decided<RotateSecretResponse>> => {
  const { nowMs, rotations, versions, secrets } = context
  const before = labelsOf(stages)
  const waiting = holderOf(before, pending)
  const row = await rotations.of(secret.id)
  const output = { ARN: secret.arn, Name: secret.name, VersionId: versionId }
  if (row?.pending_version === versionId) return { arn: secret.arn, statements: [], output }
  if (waiting !== undefined && waiting !== holderOf(before, current))
    throw awsError('InvalidRequestException', "A previous rotation isn't complete. That rotation will be reattempted.")
  const schedule = rulesOf(secret.id, rules, nowMs) ?? row ?? noRules
  const after = labelsAfterPutWith(before, versionId, [pending])
  const empty = { kind: null, sealed_value: null, wrapped_data_key: null, kms_key_id: null, kms_material: null }
  const configured = {
    secret_id: secret.id,
    enabled: 1,
    function_arn: functionArn,
    after_days: schedule.after_days,
    expression: schedule.expression,
    duration: schedule.duration,
    configured_at_ms: row && !rules ? row.configured_at_ms : nowMs,
    rotated_at_ms: row?.rotated_at_ms ?? null,
    next_at_ms: nextRotationMs(secret.id, schedule, nowMs),
    pending_version: isImmediate ? versionId : null,
    asked_at_ms: nowMs,
  }
  const version = {
    secret_id: secret.id,
    version_id: versionId,
    ordinal: secret.revision + 1,
    created_at_ms: nowMs,
    accessed_at_ms: 0,
    ...empty,
  }
  context.call.note({ VersionId: versionId })
  return {
    arn: secret.arn,
    output,
    statements: [
      secrets.update(secret, { changed_at_ms: nowMs }),
      ...(isImmediate ? [versions.insert(version), ...versions.relabel(secret.id, before, after)] : []),
      rotations.put(configured),
    ],
  }
}

const noRules = { after_days: null, expression: null, duration: null }
