import type { ListSecretsFilter, ReplicaRegion, Tag } from '@keyplane/aws'
import { base64, listOf, type Member, oneOf, required, structure, text } from './member.ts'

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
export const nextToken: Member<string> = text({ min: 1, max: 4096 })
export const secretFilters: Member<readonly ListSecretsFilter[]> = listOf(
  structure<ListSecretsFilter>({
    Key: oneOf('description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all'),
    Values: listOf(text({ max: 512, pattern: /^!?[a-zA-Z0-9 :_@/+=.\-!]*$/ }), { max: 10 }),
  }),
  { max: 10 },
)
export const region: Member<string> = text({ min: 1, max: 128, pattern: /^([a-z]+-)+\d+$/ })
export const replicaRegions: Member<readonly ReplicaRegion[]> = listOf(
  structure<ReplicaRegion>({ Region: region, KmsKeyId: text({ max: 2048 }) }),
  { min: 1, max: 100 },
)
export const secretType: Member<string> = text({ max: 256 })
export const arn: Member<string> = text({ min: 20, max: 2048 })
export const resourcePolicy: Member<string> = text({ min: 1, max: 20_480 })
export const policyName: Member<string> = text({ min: 1, max: 64, pattern: /^[0-9A-Za-z\-_]+$/ })
