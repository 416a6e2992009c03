import type { Tag } from '@keyplane/aws'
import { listOf, type Member, required, structure, text } from '../parsing/member.ts'

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const roleArn: Member<string> = required(text({ min: 20, max: 2048 }))
export const roleSessionName: Member<string> = required(text({ min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ }))
/** A number, which forms write as text. */
export const durationSeconds: Member<string> = text({ min: 1, max: 6, pattern: /^\d+$/ })
export const policy: Member<string> = text({ min: 1, max: 2048 })

/** A managed policy by its ARN. */
export interface PolicyArn {
  readonly arn: string
}
export const policyArns: Member<readonly PolicyArn[]> = listOf(
  structure<PolicyArn>({ arn: required(text({ min: 20, max: 2048 })) }),
  {
    max: 10,
  },
)
export const tags: Member<readonly Required<Tag>[]> = listOf(
  structure<Required<Tag>>({
    Key: required(text({ min: 1, max: 128 })),
    Value: required(text({ max: 256 })),
  }),
  { max: 50 },
)
export const tagKeys: Member<readonly string[]> = listOf(text({ min: 1, max: 128 }), { max: 50 })
export const sourceIdentity: Member<string> = text({ min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ })
