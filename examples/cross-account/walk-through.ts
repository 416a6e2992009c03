/**
 * One account owns a secret, another one reads it. Each of the four halves (the secret's policy, the reader's permission
 * for it, the key's policy, the reader's permission for that) is added in turn, and each one that is missing is told
 * apart from the others. AWS's own clients talk to a Keyplane store; nothing here is told that it is not AWS.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { parseIam, startStore } from '@keyplane/store'

const [owner, consumer] = ['111111111111', '222222222222']
const folder = mkdtempSync(join(tmpdir(), 'keyplane-example-'))
const store = await startStore({
  databasePath: join(folder, 'store.sqlite'),
  rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
  iam: parseIam(readFileSync(new URL('iam.json', import.meta.url), 'utf8')),
  port: 0,
})
const at = (accessKeyId: string, secretAccessKey: string, sessionToken?: string) => ({
  endpoint: store.url,
  region: 'eu-central-1',
  credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
})

const operator = at('AKIAOWNEROPERATOR001', 'owner-operator-secret-access-key')
const secrets = new SecretsManagerClient(operator)
const kms = new KMSClient(operator)
const sts = new STSClient(at('AKIACONSUMERDEPLOYER', 'consumer-deployer-secret-access-key'))

const allow = (Action: string, Principal: object) => ({ Effect: 'Allow', Action, Principal, Resource: '*' })
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })

const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'shared/api-key', SecretString: 'k-12345' }))

/** The secret as a role of the other account reads it, or why it may not. */
const readAs = async (role: string): Promise<string> => {
  const RoleArn = `arn:aws:iam::${consumer}:role/${role}`
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'walk' }))
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = Credentials ?? {}
  const client = new SecretsManagerClient(at(AccessKeyId, SecretAccessKey, SessionToken))
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: ARN }))
    return SecretString === 'k-12345' ? 'reads it' : 'reads something else'
  } catch (error) {
    const { name, message } = error as Error
    return `${name}: ${message.replace(/-\w{6}\b/g, '-……')}`
  } finally {
    client.destroy()
  }
}

console.log(`1 nobody has allowed anything\n  ${await readAs('application')}`)

const forConsumer = allow('secretsmanager:GetSecretValue', { AWS: `arn:aws:iam::${consumer}:root` })
await secrets.send(new PutResourcePolicyCommand({ SecretId: ARN, ResourcePolicy: policy(forConsumer) }))
console.log(
  `2 the secret's policy allows the account, but its key is the default one\n  ${await readAs('application')}`,
)

const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'shared secrets' }))
const KeyId = KeyMetadata?.KeyId ?? ''
await secrets.send(new UpdateSecretCommand({ SecretId: ARN, KmsKeyId: KeyMetadata?.Arn }))
console.log(`3 the secret has a key of the owner's own\n  ${await readAs('application')}`)

const forOwner = allow('kms:*', { AWS: `arn:aws:iam::${owner}:root` })
const toDecrypt = allow('kms:Decrypt', { AWS: `arn:aws:iam::${consumer}:root` })
await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: policy(forOwner, toDecrypt) }))
console.log(`4 the key's policy allows the account too\n  application: ${await readAs('application')}`)
console.log(`  without-kms: ${await readAs('without-kms')}`)
console.log(`  without-secrets: ${await readAs('without-secrets')}`)

for (const client of [secrets, kms, sts]) client.destroy()
await store.close()
rmSync(folder, { recursive: true })

// prints:
// 1 nobody has allowed anything
//   AccessDeniedException: User: arn:aws:sts::222222222222:assumed-role/application/walk is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-central-1:111111111111:secret:shared/api-key-…… because no resource-based policy allows the secretsmanager:GetSecretValue action
// 2 the secret's policy allows the account, but its key is the default one
//   InvalidRequestException: You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.
// 3 the secret has a key of the owner's own
//   AccessDeniedException: Access to KMS is not allowed
// 4 the key's policy allows the account too
//   application: reads it
//   without-kms: AccessDeniedException: Access to KMS is not allowed
//   without-secrets: AccessDeniedException: User: arn:aws:sts::222222222222:assumed-role/without-secrets/walk is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-central-1:111111111111:secret:shared/api-key-…… because no identity-based policy allows the secretsmanager:GetSecretValue action
