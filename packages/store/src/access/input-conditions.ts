import type {
  CreateSecretRequest,
  DeleteSecretRequest,
  GetSecretValueRequest,
  PutResourcePolicyRequest,
  ReplicateSecretToRegionsRequest,
  RotateSecretRequest,
  Tag,
  UpdateSecretRequest,
  UpdateSecretVersionStageRequest,
} from '@keyplane/aws'
import { current } from '../secretsmanager/versions/version-stages.ts'
import type { Conditions } from './caller-conditions.ts'

/**
 * What conditions can see of each operation's input.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
export const inputConditions = {
  create: (input: CreateSecretRequest): Conditions => ({
    'secretsmanager:Name': input.Name,
    'secretsmanager:Description': input.Description,
    'secretsmanager:Type': input.Type,
    ...kmsKey(input.KmsKeyId),
    ...replicas(input),
    ...(input.Tags?.length ? tagged(input.Tags) : {}),
  }),
  update: ({ Description, Type, KmsKeyId }: UpdateSecretRequest): Conditions => ({
    'secretsmanager:Description': Description,
    'secretsmanager:Type': Type,
    ...kmsKey(KmsKeyId),
  }),
  get: ({ VersionId, VersionStage }: GetSecretValueRequest): Conditions => ({
    'secretsmanager:VersionId': VersionId,
    // What a call that names no version means is seen as if it were named.
    'secretsmanager:VersionStage': VersionStage ?? (VersionId === undefined ? current : undefined),
  }),
  moveStage: ({ VersionStage }: UpdateSecretVersionStageRequest): Conditions => ({
    'secretsmanager:VersionStage': VersionStage,
  }),
  delete: ({ ForceDeleteWithoutRecovery, RecoveryWindowInDays }: DeleteSecretRequest): Conditions => ({
    'secretsmanager:ForceDeleteWithoutRecovery': ForceDeleteWithoutRecovery,
    'secretsmanager:RecoveryWindowInDays': RecoveryWindowInDays,
  }),
  rotate: ({ RotationLambdaARN, RotationRules, RotateImmediately }: RotateSecretRequest): Conditions => ({
    'secretsmanager:RotationLambdaARN': RotationLambdaARN,
    'secretsmanager:ModifyRotationRules': RotationRules !== undefined,
    'secretsmanager:RotateImmediately': RotateImmediately,
  }),
  putPolicy: ({ BlockPublicPolicy }: PutResourcePolicyRequest): Conditions => ({
    'secretsmanager:BlockPublicPolicy': BlockPublicPolicy,
  }),
  replicate: (input: ReplicateSecretToRegionsRequest): Conditions => replicas(input),
  tag: ({ Tags }: { readonly Tags: readonly Tag[] }): Conditions => tagged(Tags),
  untag: ({ TagKeys }: { readonly TagKeys: readonly string[] }): Conditions => ({ 'aws:TagKeys': TagKeys }),
} as const

const tagged = (tags: readonly Tag[]): Conditions => ({
  'aws:TagKeys': tags.flatMap(({ Key }) => Key ?? []),
  ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
})

const replicas = ({
  AddReplicaRegions,
  ForceOverwriteReplicaSecret,
}: Pick<CreateSecretRequest, 'AddReplicaRegions' | 'ForceOverwriteReplicaSecret'>): Conditions => ({
  'secretsmanager:AddReplicaRegions': AddReplicaRegions?.flatMap(({ Region }) => Region ?? []),
  'secretsmanager:ForceOverwriteReplicaSecret': ForceOverwriteReplicaSecret,
})

const kmsKey = (id: string | undefined): Conditions => ({
  'secretsmanager:KmsKeyId': id,
  'secretsmanager:KmsKeyArn': id?.startsWith('arn:') ? id : undefined,
})
