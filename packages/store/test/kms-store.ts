import { KMSClient } from '@aws-sdk/client-kms'
import { parseIam } from '@keyplane/store'
import { fakeClock } from '@keyplane/testkit'
import { developer, region, TestStore } from './test-store.ts'

export const owner = '111111111111'
export const stranger = '222222222222'
export const allow = (Action: unknown, more: object = {}): object => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...more,
})
export const deny = (Action: unknown, more: object = {}): object => ({ ...allow(Action, more), Effect: 'Deny' })
export const policy = (...Statement: readonly object[]): object => ({ Version: '2012-10-17', Statement })
export const userArn = (name: string, inAccount: string = owner): string => `arn:aws:iam::${inAccount}:user/${name}`
/** A key's policy that leaves all to the identity policies of its account, and says more. */
export const rootAnd = (...more: readonly object[]): string =>
  JSON.stringify(policy(allow('kms:*', { Principal: { AWS: owner } }), ...more))

const keysOf = (name: string) => ({
  accessKeyId: `AKIA${name.toUpperCase().padEnd(16, '0')}`,
  secretAccessKey: `${name}-secret-access-key-01`,
})

/** The policies of users by their name, `admin` of the owning account aside. */
export type Users = Readonly<Record<string, readonly unknown[]>>

/** A store whose KMS is called by users of two accounts. */
export class KmsStore {
  readonly store: TestStore
  readonly #clients: KMSClient[] = []

  constructor() {
    // AWS's clients sign by the machine's clock.
    this.store = new TestStore(undefined, fakeClock(Date.now()))
  }

  async start(users: Users, strangers: Users = {}): Promise<void> {
    const account = (all: Users) => ({
      users: Object.entries(all).map(([name, policies]) => ({ name, accessKeys: [keysOf(name)], policies })),
    })
    const accounts = {
      [owner]: account({ admin: ['AdministratorAccess'], ...users }),
      [stranger]: account(strangers),
    }
    const text = JSON.stringify({ accounts }).replaceAll(JSON.stringify(keysOf('admin')), JSON.stringify(developer))
    await this.store.start({ iam: parseIam(text) })
  }

  as(name: string, inRegion: string = region): KMSClient {
    const credentials = name === 'admin' ? { ...developer } : keysOf(name)
    const client = new KMSClient({
      region: inRegion,
      endpoint: this.store.running?.url ?? '',
      credentials,
      maxAttempts: 1,
    })
    this.#clients.push(client)
    return client
  }

  credentials(name: string): ReturnType<typeof keysOf> {
    return keysOf(name)
  }

  async remove(): Promise<void> {
    for (const client of this.#clients) client.destroy()
    await this.store.remove()
  }
}
