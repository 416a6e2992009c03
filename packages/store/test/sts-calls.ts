import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  type Credentials,
  STSClient,
} from '@aws-sdk/client-sts'
import { developer, region, type TestStore } from './test-store.ts'

export const allow = (Action: unknown, more: object = { Resource: '*' }): object => ({
  Effect: 'Allow',
  Action,
  ...more,
})
export const policy = (...Statement: readonly object[]): object => ({ Version: '2012-10-17', Statement })

/** Keys that a call is signed with; a session's have a token. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The keys of a session, as STS answers them. */
export const sessionKeys = (given: Credentials | undefined): Required<Keys> => ({
  accessKeyId: given?.AccessKeyId ?? '',
  secretAccessKey: given?.SecretAccessKey ?? '',
  sessionToken: given?.SessionToken ?? '',
})

/** Lets AWS's client of STS call the store. */
export const withSts = async <T>(
  store: TestStore,
  act: (client: STSClient) => Promise<T>,
  credentials: Keys = developer,
): Promise<T> => {
  const endpoint = store.running?.url ?? ''
  const client = new STSClient({ region, endpoint, credentials: { ...credentials }, maxAttempts: 1 })
  try {
    return await act(client)
  } finally {
    client.destroy()
  }
}

export interface Assumed extends Omit<AssumeRoleCommandOutput, 'Credentials'> {
  readonly credentials: Required<Keys>
  readonly expiration: Date | undefined
}

/** Assumes a role, in a session named `tests` where its name does not matter. */
export const assumeRole = async (
  store: TestStore,
  input: Partial<AssumeRoleCommandInput>,
  as?: Keys,
): Promise<Assumed> => {
  const command = new AssumeRoleCommand({ RoleArn: undefined, RoleSessionName: 'tests', ...input })
  const { Credentials, ...answer } = await withSts(store, (client) => client.send(command), as)
  return { ...answer, credentials: sessionKeys(Credentials), expiration: Credentials?.Expiration }
}
