import { rmSync } from 'node:fs'
import { type Random, SecretsError } from '@keyplane/core'
import { writePrivateFile } from '@keyplane/sealing'
import type { DataFolder } from './data-folder.ts'
import { readPrivateFile } from './private-file.ts'

/** A user's key to the store, as AWS's are. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Who uses an embedded plane: the person at the keyboard, and the agent, so that the audit log tells them apart. */
const planeUsers = ['developer', 'agent'] as const

export type PlaneUser = (typeof planeUsers)[number]

/** The person does everything; the agent reads. */
const policiesOf: Readonly<Record<PlaneUser, readonly unknown[]>> = {
  developer: ['AdministratorAccess'],
  agent: [
    {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: [
          'secretsmanager:GetSecretValue',
          'secretsmanager:BatchGetSecretValue',
          'secretsmanager:DescribeSecret',
          'secretsmanager:ListSecrets',
        ],
        Resource: '*',
      },
    },
  ],
}

export const planeAccount = '000000000000'
export const planeRegion = 'us-east-1'

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** AWS: AKIA and 16 of base 32; 30 random bytes make the secret's 40 characters. */
const newAccessKey = (random: Random): AccessKey => ({
  accessKeyId: `AKIA${Array.from(random.bytes(16), (byte) => base32[byte % 32]).join('')}`,
  secretAccessKey: Buffer.from(random.bytes(30)).toString('base64'),
})

/** Makes what is not there yet: users with a key each, the agent's token and its header line. */
export const makeCredentials = (folder: DataFolder, random: Random): void => {
  const write = (path: string, content: string): unknown => writePrivateFile({ path, content, random, replace: true })
  const iam = readPrivateFile(folder.iam)
  if (iam === undefined) {
    const users = planeUsers.map((name) => ({ name, accessKeys: [newAccessKey(random)], policies: policiesOf[name] }))
    write(folder.iam, `${JSON.stringify({ account: planeAccount, users }, null, 2)}\n`)
  } else {
    const text = withPolicies(iam)
    if (text !== undefined) write(folder.iam, text)
  }
  // An empty token would be refused by the agent; there is nothing in it to lose.
  if (!readPrivateFile(folder.agentToken)?.trim())
    write(folder.agentToken, `${Buffer.from(random.bytes(32)).toString('hex')}\n`)
  const token = (readPrivateFile(folder.agentToken) ?? '').trim()
  write(folder.agentHeader, `X-Aws-Parameters-Secrets-Token: ${token}\n`)
}

/**
 * The IAM file with the policies that it has to have; nothing where it has them. Versions before there were policies made
 * the file without them; anybody else's file stays as it is.
 */
const withPolicies = (text: string): string | undefined => {
  try {
    const iam = JSON.parse(text) as { users: { name: PlaneUser; policies?: readonly unknown[] }[] }
    const isOurs = iam.users.every(({ name, policies }) => planeUsers.includes(name) && policies === undefined)
    if (!isOurs) return undefined
    for (const user of iam.users) user.policies = policiesOf[user.name]
    return `${JSON.stringify(iam, null, 2)}\n`
  } catch {
    // What is wrong with it is told when it is read.
    return undefined
  }
}

/** The key of one of the plane's users. @throws SecretsError `config_invalid` where the file does not hold it. */
export const accessKeyOf = (folder: DataFolder, user: PlaneUser): AccessKey => {
  const key = findAccessKey(folder, user)
  if (key) return key
  throw new SecretsError(
    'config_invalid',
    `${folder.iam} has no access key of a user ${user} in the account ${planeAccount}; add one to it.`,
  )
}

interface IamAccount {
  readonly users?: readonly { readonly name?: unknown; readonly accessKeys?: readonly Partial<AccessKey>[] }[]
}

/** The file may be anybody's own, with other users or several accounts. */
const findAccessKey = (folder: DataFolder, user: PlaneUser): AccessKey | undefined => {
  const text = readPrivateFile(folder.iam)
  if (text === undefined)
    throw new SecretsError('config_invalid', `${folder.iam} is not there; it is made when a plane starts.`)
  let iam: IamAccount & { readonly accounts?: Readonly<Record<string, IamAccount>> }
  try {
    iam = JSON.parse(text)
  } catch {
    throw new SecretsError('config_invalid', `${folder.iam} is not JSON; mend it, or put a copy back.`)
  }
  const { users } = iam.accounts?.[planeAccount] ?? iam
  const { accessKeyId, secretAccessKey } = users?.find(({ name }) => name === user)?.accessKeys?.[0] ?? {}
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined
  return { accessKeyId, secretAccessKey }
}

/**
 * Variables that lead AWS's own tools to the store as the person at the keyboard. A shell reads them: `. aws.env`. Gives
 * whether it was written: where the IAM file has no key of that user, it is not, and one that is there is removed.
 */
export const writeAwsEnv = (folder: DataFolder, storeUrl: string, random: Random): boolean => {
  const key = findAccessKey(folder, 'developer')
  if (!key) {
    rmSync(folder.awsEnv, { force: true })
    return false
  }
  const { accessKeyId, secretAccessKey } = key
  const variables = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: planeRegion,
    AWS_DEFAULT_REGION: planeRegion,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: storeUrl,
    AWS_ENDPOINT_URL_STS: storeUrl,
    AWS_ENDPOINT_URL_KMS: storeUrl,
    AWS_ENDPOINT_URL_SSM: storeUrl,
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`)
  // A session's leftover token would be sent along with keys that it does not belong to.
  const content = `${['unset AWS_SESSION_TOKEN AWS_PROFILE', ...lines].join('\n')}\n`
  writePrivateFile({ path: folder.awsEnv, content, random, replace: true })
  return true
}
