import type { Tag } from '@keyplane/aws'
import { base64, listOf, type Member, required, structure, text } from './member.ts'

/** AWS: a value has at most 65,536 bytes. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const maxValueBytes = 65_536

export const secretId: Member<string> = required(text({ min: 1, max: 2048 }))
/** Its length has an error of its own, so it is checked where it is used. */
export const clientRequestToken: Member<string> = text({ max: 2048 })
export const description: Member<string> = text({ max: 2048 })
export const kmsKeyId: Member<string> = text({ max: 2048 })
export const secretString: Member<string> = text({ min: 1, max: maxValueBytes })
export const secretBinary: Member<string> = base64({ min: 1, max: maxValueBytes })
export const versionId: Member<string> = text({ min: 32, max: 64 })
export const versionStage: Member<string> = text({ min: 1, max: 256 })
export const tags: Member<readonly Tag[]> = listOf(
  structure<Tag>({ Key: text({ min: 1, max: 128 }), Value: text({ max: 256 }) }),
  { max: 200 },
)
