import type { UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, requireWritable } from '../change-secret.ts'
import { copyVersion } from '../versions/copy-versions.ts'
import { changeAll } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import { required, type Shape } from '../../parsing/member.ts'
import { secretId, versionId, versionStage } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import {
  current,
  holderOf,
  type Labels,
  labelsAfterMove,
  labelsOf,
  requireFewLabels,
} from '../versions/version-stages.ts'

export const updateSecretVersionStageShape: Shape<UpdateSecretVersionStageRequest> = {
  SecretId: secretId,
  VersionStage: required(versionStage),
  RemoveFromVersionId: versionId,
  MoveToVersionId: versionId,
}

/** Moves a label from one version to another, puts it on one, or takes it away. */
export const updateSecretVersionStage = async (
  context: OperationContext,
  input: UpdateSecretVersionStageRequest,
): Promise<UpdateSecretVersionStageResponse> => {
  const { VersionStage: label, MoveToVersionId: to } = input
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireWritable(found, context.nowMs)
    const { secret } = loaded
    const before = labelsOf(loaded.stages)
    await requireMove(context, secret.id, before, input)
    // What is no version's id may be anything, and is not recorded.
    if (to !== undefined) context.call.note({ VersionId: to })
    const output = { ARN: secret.arn, Name: secret.name }
    if (holderOf(before, label) === to) return { arn: secret.arn, statements: [], output }
    const after = labelsAfterMove(before, label, to)
    requireFewLabels(after)
    const changed = await changeAll(context, loaded, async (member) => ({
      statements: [
        ...(member === loaded || to === undefined || before.has(to) ? [] : await missing(context, to, loaded, member)),
        ...context.versions.relabel(member.secret.id, labelsOf(member.stages), after),
      ],
    }))
    return { arn: secret.arn, ...changed, output }
  })
}

/** A version without a label may not be at the replica, and gets there with its label. */
const missing = async (
  context: OperationContext,
  versionId: string,
  primary: LoadedSecret,
  replica: LoadedSecret,
): Promise<readonly Statement[]> =>
  (await context.versions.byId(replica.secret.id, versionId))
    ? []
    : copyVersion(context, versionId, { from: primary.secret, to: replica.secret })

/** @throws AwsError InvalidParameterException, ResourceNotFoundException */
const requireMove = async (
  { versions }: OperationContext,
  secretRowId: string,
  labels: Labels,
  input: UpdateSecretVersionStageRequest,
): Promise<void> => {
  const { VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to } = input
  const holder = holderOf(labels, label)
  if (from === undefined && to === undefined)
    throw awsError('InvalidParameterException', 'You must specify RemoveFromVersionId, MoveToVersionId or both.')
  for (const id of [from, to])
    if (id !== undefined && !(await versions.byId(secretRowId, id)))
      throw awsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret version.")
  if (to !== undefined && holder === to && (from === undefined || from === to)) return
  if (from === undefined && holder !== undefined)
    throw awsError(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
    )
  if (from !== undefined && from !== holder)
    throw awsError(
      'InvalidParameterException',
      `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${label}.`,
    )
  if (label === current && to === undefined)
    throw awsError(
      'InvalidParameterException',
      'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
    )
}
