import { expect } from 'vitest'
import { account, other, otherAccount, type Output, region, type Step } from './step.ts'

const policy = (Principal: unknown, Action = 'secretsmanager:GetSecretValue'): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action, Resource: '*' }] })
const ofOther = policy({ AWS: `arn:aws:iam::${otherAccount}:root` })
const noReplica = `arn:aws:secretsmanager:${region}:${otherAccount}:secret:none-aaaaaa`
const paris = { region: 'eu-west-3' }

/** Resource policies, replicas in regions and accounts, and rotations. */
export const policiesAndReplicas: readonly Step[] = [
  {
    name: 'keeps, shows and removes a resource policy',
    run: async (use) => {
      const SecretId = `${use.prefix}/policy`
      const { ARN } = await use.ok('CreateSecret', { Name: SecretId, SecretString: 'v' })
      await use.ok('PutResourcePolicy', { SecretId, ResourcePolicy: ofOther, BlockPublicPolicy: true })
      expect(JSON.parse(String((await use.ok('GetResourcePolicy', { SecretId }))['ResourcePolicy']))).toEqual(
        JSON.parse(ofOther),
      )
      expect(await use.refused('GetSecretValue', { SecretId: ARN }, { keys: other })).toBe(
        "InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
      )
      await use.ok('DeleteResourcePolicy', { SecretId })
      expect(await use.refused('GetSecretValue', { SecretId: ARN }, { keys: other })).toMatch(
        /^AccessDeniedException: User: .*:user\/other is not authorized to perform: secretsmanager:GetSecretValue/,
      )
    },
  },
  {
    name: 'refuses public and malformed policies, and validates',
    run: async (use) => {
      const SecretId = `${use.prefix}/policy`
      const put = (ResourcePolicy: string) =>
        use.refused('PutResourcePolicy', { SecretId, ResourcePolicy, BlockPublicPolicy: true })
      expect(await put(policy('*'))).toMatch(/^PublicPolicyException/)
      expect(await put('{}')).toMatch(/^MalformedPolicyDocumentException/)
      const good = await use.ok('ValidateResourcePolicy', { SecretId, ResourcePolicy: ofOther })
      expect(good['PolicyValidationPassed']).toBe(true)
      const bad = await use.ok('ValidateResourcePolicy', { ResourcePolicy: policy('*') })
      expect(bad['PolicyValidationPassed']).toBe(false)
    },
  },
  {
    name: 'lists policies',
    run: async (use) => {
      const SecretId = `${use.prefix}/policy`
      await use.ok('PutResourcePolicy', { SecretId, ResourcePolicy: ofOther })
      const listed = await use.ok('ListResourcePolicies', { SecretId })
      expect(JSON.stringify(listed)).toContain('default')
    },
  },
  {
    name: 'replicates to regions, and ends that from both sides',
    run: async (use) => {
      const SecretId = `${use.prefix}/replica`
      const AddReplicaRegions = [{ Region: 'eu-west-3' }]
      await use.ok('CreateSecret', { Name: SecretId, SecretString: 'v', AddReplicaRegions })
      await use.ok('ReplicateSecretToRegions', { SecretId, AddReplicaRegions: [{ Region: 'eu-west-2' }] })
      const { ReplicationStatus, PrimaryRegion } = await use.ok('DescribeSecret', { SecretId })
      expect(PrimaryRegion).toBe(region)
      const statuses = Object.fromEntries((ReplicationStatus as Output[]).map(({ Region, Status }) => [Region, Status]))
      expect(statuses).toEqual({ 'eu-west-2': 'InSync', 'eu-west-3': 'InSync' })
      expect((await use.ok('GetSecretValue', { SecretId }, paris))['SecretString']).toBe('v')
      expect(await use.refused('PutSecretValue', { SecretId, SecretString: 'w' }, paris)).toMatch(
        /^InvalidParameterException: Operation not permitted on a replica secret\./,
      )
      await use.ok('RemoveRegionsFromReplication', { SecretId, RemoveReplicaRegions: ['eu-west-2'] })
      await use.ok('StopReplicationToReplica', { SecretId }, paris)
      await use.ok('PutSecretValue', { SecretId, SecretString: 'w' }, paris)
      expect((await use.ok('GetSecretValue', { SecretId }))['SecretString']).toBe('v')
    },
  },
  {
    name: 'replicates to another account',
    run: async (use) => {
      const SecretId = `${use.prefix}/across`
      const both = { AWS: [account, otherAccount].map((id) => `arn:aws:iam::${id}:root`) }
      const { ARN: CrossAccountPrimaryARN } = await use.ok('CreateSecret', { Name: SecretId, SecretString: 'v' })
      const key = await use.ok('CreateKey', { Policy: policy(both, 'kms:*') }, { service: 'kms', keys: other })
      const KmsKeyId = (key['KeyMetadata'] as Output)['Arn']
      // Told first where a client does not know the operation: it would leave out the member below.
      await use.refused('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN: noReplica })
      const made = { Name: SecretId, CrossAccountPrimaryARN, KmsKeyId }
      const { ARN } = await use.ok('CreateSecret', made, { keys: other })
      await use.ok('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN: ARN })
      expect((await use.ok('GetSecretValue', { SecretId }, { keys: other }))['SecretString']).toBe('v')
    },
  },
  {
    name: 'ends the replication to another account',
    run: async (use) => {
      const SecretId = `${use.prefix}/across`
      await use.refused('DisassociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN: noReplica })
      const { ARN } = await use.ok('DescribeSecret', { SecretId }, { keys: other })
      await use.ok('DisassociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN: ARN })
    },
  },
  {
    name: 'is told why nothing is rotated',
    run: async (use) => {
      const SecretId = `${use.prefix}/policy`
      const noFunction = 'No Lambda rotation function ARN is associated with this secret.'
      for (const operation of ['RotateSecret', 'CancelRotateSecret'])
        expect(await use.refused(operation, { SecretId })).toBe(`InvalidRequestException: ${noFunction}`)
    },
  },
  {
    name: 'has a secret rotated, and then no more',
    run: async (use) => {
      const SecretId = `${use.prefix}/rotated`
      const described = () => use.ok('DescribeSecret', { SecretId })
      await use.ok('CreateSecret', { Name: SecretId, SecretString: '{"username":"app","password":"first"}' })
      const { VersionId } = await use.ok('RotateSecret', {
        SecretId,
        RotationLambdaARN: 'arn:keyplane:rotation:::random-password',
        RotationRules: { ScheduleExpression: 'rate(10 days)', Duration: '3h' },
      })
      await expect.poll(async () => (await described())['LastRotatedDate'], { timeout: 20_000 }).toBeDefined()
      expect(await described()).toMatchObject({ RotationEnabled: true, RotationRules: { Duration: '3h' } })
      const fresh = await use.ok('GetSecretValue', { SecretId })
      expect(fresh['VersionId']).toBe(VersionId)
      expect(JSON.parse(String(fresh['SecretString']))).toEqual({
        username: 'app',
        password: expect.not.stringMatching(/^first$/),
      })
      await use.ok('CancelRotateSecret', { SecretId })
      // Some clients leave out what is false.
      expect((await described())['RotationEnabled'] ?? false).toBe(false)
    },
  },
]
