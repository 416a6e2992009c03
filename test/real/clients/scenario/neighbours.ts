import { expect } from 'vitest'
import type { AwsCredentials } from '@keyplane/aws'
import { account, developer, type Output, type Step } from './step.ts'

const sts = { service: 'sts' } as const
const kms = { service: 'kms' } as const
const ssm = { service: 'ssm' } as const

const sessionOf = ({ Credentials }: Output): AwsCredentials => {
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials as Output
  return {
    accessKeyId: String(AccessKeyId),
    secretAccessKey: String(SecretAccessKey),
    sessionToken: String(SessionToken),
  }
}

/** STS, KMS and Systems Manager on the same endpoint, and keys that are wrong. */
export const neighbours: readonly Step[] = [
  {
    name: 'asks who it is',
    run: async (use) => {
      const identity = await use.ok('GetCallerIdentity', {}, sts)
      expect(identity).toMatchObject({ Account: account, Arn: `arn:aws:iam::${account}:user/developer` })
    },
  },
  {
    name: 'reads with the session of a role, which may do nothing else',
    run: async (use) => {
      const SecretId = `${use.prefix}/session`
      await use.ok('CreateSecret', { Name: SecretId, SecretString: 'v' })
      const asked = { RoleArn: `arn:aws:iam::${account}:role/reader`, RoleSessionName: 'scenario' }
      const keys = sessionOf(await use.ok('AssumeRole', { ...asked, DurationSeconds: 900 }, sts))
      expect((await use.ok('GetSecretValue', { SecretId }, { keys }))['SecretString']).toBe('v')
      expect(await use.refused('PutSecretValue', { SecretId, SecretString: 'w' }, { keys })).toBe(
        `AccessDeniedException: User: arn:aws:sts::${account}:assumed-role/reader/scenario is not authorized to perform: secretsmanager:PutSecretValue on resource: ${SecretId} because no identity-based policy allows the secretsmanager:PutSecretValue action`,
      )
    },
  },
  {
    name: 'reads as a pod does, with a web identity',
    run: async (use) => {
      const asked = { RoleArn: `arn:aws:iam::${account}:role/pod`, RoleSessionName: 'pod' }
      const token = { WebIdentityToken: use.webIdentityToken }
      const keys = sessionOf(await use.ok('AssumeRoleWithWebIdentity', { ...asked, ...token }, sts))
      await use.ok('GetSecretValue', { SecretId: `${use.prefix}/session` }, { keys })
    },
  },
  {
    name: 'keeps a secret under a KMS key of its own, and loses it with the key',
    run: async (use) => {
      const SecretId = `${use.prefix}/key`
      const { KeyMetadata } = await use.ok('CreateKey', { Description: 'of a scenario' }, kms)
      const { KeyId, Arn } = KeyMetadata as Output
      const Plaintext = Buffer.from('plain').toString('base64')
      const { CiphertextBlob } = await use.ok('Encrypt', { KeyId, Plaintext }, kms)
      expect((await use.ok('Decrypt', { CiphertextBlob }, kms))['Plaintext']).toBe(Plaintext)
      await use.ok('CreateSecret', { Name: SecretId, SecretString: 'v', KmsKeyId: Arn })
      expect((await use.ok('DescribeSecret', { SecretId }))['KmsKeyId']).toBe(Arn)
      await use.ok('DisableKey', { KeyId }, kms)
      expect(await use.refused('GetSecretValue', { SecretId })).toMatch(/^(DecryptionFailure|InvalidRequestException)/)
      await use.ok('EnableKey', { KeyId }, kms)
      expect((await use.ok('GetSecretValue', { SecretId }))['SecretString']).toBe('v')
    },
  },
  {
    name: 'reads it as a parameter',
    run: async (use) => {
      const Name = `/aws/reference/secretsmanager/${use.prefix}/key`
      const { Parameter } = await use.ok('GetParameter', { Name, WithDecryption: true }, ssm)
      expect(Parameter).toMatchObject({ Name, Type: 'SecureString', Value: 'v' })
      const several = await use.ok('GetParameters', { Names: [Name, `${Name}/none`], WithDecryption: true }, ssm)
      expect(several['InvalidParameters']).toEqual([`${Name}/none`])
    },
  },
  {
    name: 'is told what is wrong with its keys',
    run: async (use) => {
      const wrong = { ...developer, secretAccessKey: 'wrong' }
      expect(await use.refused('ListSecrets', {}, { keys: wrong })).toMatch(/^InvalidSignatureException/)
      const unknown = { ...developer, accessKeyId: 'AKIAUNKNOWN000000000' }
      expect(await use.refused('ListSecrets', {}, { keys: unknown })).toMatch(/^UnrecognizedClientException/)
    },
  },
]
