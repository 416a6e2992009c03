import { type AnswerBody, type Body, region, type TestStore, tokenOf } from './test-store.ts'

export const paris: string = 'eu-west-3'
export const london: string = 'eu-west-2'
export const readOnly: string =
  "InvalidParameterException: Operation not permitted on a replica secret. Call must be made in primary secret's region."
export const inSync: Body = {
  KmsKeyId: 'alias/aws/secretsmanager',
  Status: 'InSync',
  StatusMessage: 'Replication succeeded',
}

/** Calls that tests of replicas make. */
export interface ReplicaCalls {
  /** Makes a secret with the value `one` as version v1. */
  newSecret(more?: Body): Promise<{ readonly name: string; readonly arn: string }>
  /** A name that no other secret has. */
  newName(): string
  replicate(id: string, ...regions: string[]): Promise<AnswerBody>
  describeIn(id: string, where?: string): Promise<AnswerBody>
  valueIn(id: string, where: string, more?: Body): Promise<string>
  /** The refusal of a call in another region. */
  refusedIn(operation: string, input: Body, where?: string): Promise<string>
}

/** The ARN of a replica. */
export const swapped = (arn: string, where: string): string => arn.replace(region, where)

export const replicaCalls = (store: TestStore): ReplicaCalls => {
  let made = 0
  const newName = (): string => {
    made += 1
    return `replicas/${made}`
  }
  const newSecret = async (more: Body = {}): Promise<{ name: string; arn: string }> => {
    const name = newName()
    const { ARN } = await store.ok('CreateSecret', {
      Name: name,
      SecretString: 'one',
      ClientRequestToken: tokenOf('v1'),
      ...more,
    })
    return { name, arn: ARN }
  }
  const replicate = (SecretId: string, ...regions: string[]) =>
    store.ok('ReplicateSecretToRegions', { SecretId, AddReplicaRegions: regions.map((Region) => ({ Region })) })
  const describeIn = (SecretId: string, where: string = region) =>
    store.ok('DescribeSecret', { SecretId }, { region: where })
  const valueIn = async (SecretId: string, where: string, more: Body = {}) =>
    (await store.ok('GetSecretValue', { SecretId, ...more }, { region: where })).SecretString
  const refusedIn = (operation: string, input: Body, where: string = paris) =>
    store.refused(operation, input, { region: where })
  return { newSecret, newName, replicate, describeIn, valueIn, refusedIn }
}
