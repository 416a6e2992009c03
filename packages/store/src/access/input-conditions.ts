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
import { findKey } from '../kms/find-key.ts'
import { keyArn } from '../kms/kms-keys.ts'
import type { OperationContext } from '../operation-context.ts'
import { current } from '../secretsmanager/versions/version-stages.ts'
import type { Conditions } from './caller-conditions.ts'

type KeyContext = Pick<OperationContext, 'kmsKeys' | 'caller'>

/**
 * What conditions can see of each operation's input.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
export const inputConditions = {
  create: async (input: CreateSecretRequest, context: KeyContext): Promise<Conditions> => ({
    'secretsmanager:Name': input.Name,
    'secretsmanager:Description': input.Description,
    'secretsmanager:Type': input.Type,
    ...(await kmsKey(input.KmsKeyId, context)),
    ...replicas(input),
    ...(input.Tags?.length ? tagged(input.Tags) : {}),
  }),
  update: async ({ Description, Type, KmsKeyId }: UpdateSecretRequest, context: KeyContext): Promise<Conditions> => ({
    'secretsmanager:Description': Description,
    'secretsmanager:Type': Type,
    ...(await kmsKey(KmsKeyId, context)),
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

/** The key by its ARN too, however it is spelled. */
const kmsKey = async (id: string | undefined, { kmsKeys, caller }: KeyContext): Promise<Conditions> => {
  const found = id ? await findKey({ kmsKeys }, id, caller) : undefined
  return { 'secretsmanager:KmsKeyId': id, 'secretsmanager:KmsKeyArn': found ? keyArn(found.key) : undefined }
}
