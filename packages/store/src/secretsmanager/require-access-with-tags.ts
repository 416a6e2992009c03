import type { Conditions } from '../access/caller-conditions.ts'
import { judge } from '../access/judge.ts'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import type { TagRow } from '../storage/tables.ts'

/** A change of a secret's tags, as policies see it. */
export interface TagChange {
  readonly action: 'secretsmanager:TagResource' | 'secretsmanager:UntagResource'
  /** As the caller named it. */
  readonly secretId: string
  readonly conditions: Conditions
}

/**
 * Keeps a caller from taking his own right to change a secret's tags away by changing them to `tags`.
 * @throws AwsError AccessDeniedException
 */
export const requireAccessWithTags = async (
  { access, caller, nowMs }: OperationContext,
  change: TagChange,
  tags: readonly TagRow[],
): Promise<void> => {
  const { question } = await access.question({ caller, nowMs, ...change })
  const others = Object.entries(question.conditions ?? {}).filter(([key]) => !/^\w+:ResourceTag\//i.test(key))
  const given = tags.flatMap(({ key, value }) => [
    [`aws:ResourceTag/${key}`, value] as const,
    [`secretsmanager:ResourceTag/${key}`, value] as const,
  ])
  const decision = judge({ ...question, conditions: Object.fromEntries([...others, ...given]) })
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
}
