/**
 * One secret, read as an EC2 instance, a Lambda function, an ECS task, a Kubernetes pod and a plain application read it:
 * by the same program, whose AWS client finds its keys where each platform puts them. A role without the permission is
 * refused in each place.
 */
import { execFile } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { parseIam, startStore } from '@keyplane/store'
import { application, iamFile, issuer, operator, platform, roleArn } from './iam.ts'
import { type RoleKeys, startContainerEndpoint, startInstanceMetadata } from './metadata-services.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyplane-example-'))
const cluster = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = { ...cluster.publicKey.export({ format: 'jwk' }), kid: 'cluster-1', alg: 'ES256' }
const store = await startStore({
  databasePath: join(folder, 'store.sqlite'),
  rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
  iam: parseIam(iamFile(jwk)),
  port: 0,
})
const at = { endpoint: store.url, region: 'eu-central-1' }
const secrets = new SecretsManagerClient({ ...at, credentials: operator })
await secrets.send(new CreateSecretCommand({ Name: 'shop/api-key', SecretString: 'k-12345' }))
secrets.destroy()

/** What a platform does before it starts a workload. */
const assume = async (role: string): Promise<RoleKeys> => {
  const sts = new STSClient({ ...at, credentials: platform })
  const command = new AssumeRoleCommand({ RoleArn: roleArn(role), RoleSessionName: 'workload' })
  const { Credentials: keys } = await sts.send(command)
  sts.destroy()
  return {
    AccessKeyId: keys?.AccessKeyId ?? '',
    SecretAccessKey: keys?.SecretAccessKey ?? '',
    Token: keys?.SessionToken ?? '',
    Expiration: keys?.Expiration?.toISOString() ?? '',
  }
}

/** The workload in an environment, and nothing else from ours. */
const run = async (env: Readonly<Record<string, string>>): Promise<string> => {
  const program = new URL('read-secret.ts', import.meta.url).pathname
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder, AWS_REGION: at.region, AWS_ENDPOINT_URL: at.endpoint }
  const options = { env: { ...own, ...env }, timeout: 30_000 }
  const { stdout } = await promisify(execFile)(process.execPath, ['-C', 'source', program], options)
  return stdout.trim()
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The token that Kubernetes puts into a pod's file system, signed by the cluster. */
const podToken = (): string => {
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: issuer,
    sub: 'system:serviceaccount:shop:api',
    aud: ['sts.amazonaws.com'],
    exp: nowSeconds + 600,
  }
  const text = `${base64url({ alg: 'ES256', kid: jwk.kid })}.${base64url(claims)}`
  const key = { key: cluster.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

const patterns: Readonly<Record<string, (may: string) => Promise<string>>> = {
  'EC2 instance': async (may) => {
    const metadata = await startInstanceMetadata('instance-role', () => assume(`platform-${may}`))
    const result = await run({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url })
    metadata.close()
    return result
  },
  'Lambda function': async (may) => {
    const { AccessKeyId, SecretAccessKey, Token } = await assume(`platform-${may}`)
    return run({ AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey, AWS_SESSION_TOKEN: Token })
  },
  'ECS task': async (may) => {
    const token = crypto.randomUUID()
    const endpoint = await startContainerEndpoint(token, () => assume(`platform-${may}`))
    const result = await run({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    })
    endpoint.close()
    return result
  },
  'EKS pod': async (may) => {
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, podToken())
    return run({
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ROLE_ARN: roleArn(`pod-${may}`),
      AWS_ROLE_SESSION_NAME: 'api',
    })
  },
  application: async (may) => {
    const config = join(folder, 'config')
    writeFileSync(
      config,
      `[profile keys]
aws_access_key_id = ${application.accessKeyId}
aws_secret_access_key = ${application.secretAccessKey}
[profile app]
role_arn = ${roleArn(`application-${may}`)}
role_session_name = app
source_profile = keys
`,
    )
    return run({ AWS_CONFIG_FILE: config, AWS_PROFILE: 'app' })
  },
}

for (const [name, read] of Object.entries(patterns)) {
  console.log(`${name}\n  ${await read('reader')}`)
  console.log(`  without permission: ${await read('nothing')}`)
}
await store.close()
rmSync(folder, { recursive: true })

// prints:
// EC2 instance
//   reads 7 characters
//   without permission: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/platform-nothing/workload is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/api-key because no identity-based policy allows the secretsmanager:GetSecretValue action
// Lambda function
//   reads 7 characters
//   without permission: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/platform-nothing/workload is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/api-key because no identity-based policy allows the secretsmanager:GetSecretValue action
// ECS task
//   reads 7 characters
//   without permission: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/platform-nothing/workload is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/api-key because no identity-based policy allows the secretsmanager:GetSecretValue action
// EKS pod
//   reads 7 characters
//   without permission: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/pod-nothing/api is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/api-key because no identity-based policy allows the secretsmanager:GetSecretValue action
// application
//   reads 7 characters
//   without permission: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/application-nothing/app is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/api-key because no identity-based policy allows the secretsmanager:GetSecretValue action
