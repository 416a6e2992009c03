import { awsError } from '../../aws-errors.ts'

/** The labels of a secret: version id → its labels, in their order. A version without labels is not in it. */
export type Labels = ReadonlyMap<string, readonly string[]>

export const current = 'AWSCURRENT'
export const previous = 'AWSPREVIOUS'
export const pending = 'AWSPENDING'

/** AWS: at most 20 labels on all versions of a secret together. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const maxLabels = 20

/** Which version holds a label. */
export const holderOf = (labels: Labels, label: string): string | undefined => {
  for (const [versionId, held] of labels) if (held.includes(label)) return versionId
  return undefined
}

/** Labels from the rows that store them, which come in their order. */
export const labelsOf = (rows: readonly { readonly version_id: string; readonly label: string }[]): Labels => {
  const labels = new Map<string, string[]>()
  for (const { version_id, label } of rows) labels.set(version_id, [...(labels.get(version_id) ?? []), label])
  return labels
}

/**
 * Where the labels are after a value was written to a version without naming labels: AWSCURRENT is on it, AWSPREVIOUS
 * on the one that had AWSCURRENT, AWSPENDING nowhere (such a write ends a rotation that got stuck); a caller's own
 * labels stay.
 */
export const labelsAfterPut = (labels: Labels, versionId: string): Labels =>
  moveCurrent(without(labels, [pending]), versionId)

/**
 * Where the labels are after a value was written to a version with labels named: these are on it, wherever they were.
 * AWSCURRENT moves only if it is named; the first version of a secret gets it in any case.
 */
export const labelsAfterPutWith = (labels: Labels, versionId: string, stages: readonly string[]): Labels => {
  const named = [...new Set(stages)]
  const wanted = labels.size === 0 && !named.includes(current) ? [...named, current] : named
  const moved = wanted.includes(current) ? moveCurrent(labels, versionId) : labels
  const cleared = without(moved, wanted)
  return new Map([...cleared, [versionId, [...(cleared.get(versionId) ?? []), ...wanted]]])
}

/**
 * Where the labels are after one was moved to a version, or taken away. With AWSCURRENT moves AWSPREVIOUS: to the version
 * that had it.
 */
export const labelsAfterMove = (labels: Labels, label: string, versionId: string | undefined): Labels => {
  if (versionId === undefined) return without(labels, [label])
  if (label === current) return moveCurrent(labels, versionId)
  const cleared = without(labels, [label])
  return new Map([...cleared, [versionId, [...(cleared.get(versionId) ?? []), label]]])
}

/** @throws AwsError LimitExceededException for more labels than a secret may have. */
export const requireFewLabels = (labels: Labels): void => {
  if ([...labels.values()].reduce((n, held) => n + held.length, 0) > maxLabels)
    throw awsError(
      'LimitExceededException',
      `The request failed because it would exceed the limit of ${maxLabels} staging labels of a secret.`,
    )
}

const moveCurrent = (labels: Labels, versionId: string): Labels => {
  const holder = holderOf(labels, current)
  if (holder === versionId) return labels
  const cleared = without(labels, holder === undefined ? [current] : [current, previous])
  const after = new Map(cleared)
  after.set(versionId, [current, ...(cleared.get(versionId) ?? []).filter((label) => label !== previous)])
  if (holder !== undefined) after.set(holder, [previous, ...(cleared.get(holder) ?? [])])
  return after
}

const without = (labels: Labels, dropped: readonly string[]): Labels =>
  new Map(
    [...labels]
      .map(([versionId, held]) => [versionId, held.filter((label) => !dropped.includes(label))] as const)
      .filter(([, held]) => held.length > 0),
  )
