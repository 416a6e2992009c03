import {
  type AwsJsonClient,
  awsCredentials,
  awsJsonClient,
  type DescribeSecretResponse,
  type SecretsManagerOperations,
} from '@keyplane/aws'
import { isTrialVersion } from '@keyplane/store'
import { aboutSecret } from '../about-secret.ts'
import type { Context } from '../context.ts'
import { writableStore } from '../secret-source.ts'

/** A store's API as it is: rotation is none of what every provider can. */
export type RotatingStore = AwsJsonClient<SecretsManagerOperations>

/** Does something with the store that `set` writes to, as the same caller. @throws SecretsError as `writableStore`. */
export const withRotatingStore = async <T>(
  { folder, env, clock }: Context,
  act: (store: RotatingStore) => Promise<T>,
): Promise<T> => {
  const { env: seen = {}, credentials, ...given } = writableStore(folder, env)
  const region = given.region ?? (seen['AWS_REGION'] || seen['AWS_DEFAULT_REGION'] || 'us-east-1')
  const endpoint = given.endpoint ?? namedEndpoint(seen)
  const source =
    typeof credentials === 'function'
      ? credentials
      : awsCredentials(seen, { region, clock, ...(credentials && { credentials }) })
  const store: RotatingStore = awsJsonClient({ region, clock, credentials: source, ...(endpoint && { endpoint }) })
  try {
    return await act(store)
  } finally {
    store.close()
  }
}

const namedEndpoint = (env: Context['env']): string | undefined =>
  env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true'
    ? undefined
    : env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] || env['AWS_ENDPOINT_URL'] || undefined

/** What the store says of a secret; its failure names it. */
export const describeSecret = (store: RotatingStore, name: string): Promise<DescribeSecretResponse> =>
  store.call('DescribeSecret', { SecretId: name }).catch(aboutSecret(name))

type Labels = Readonly<Record<string, readonly string[]>>

const holderOf = (labels: Labels, label: string): string | undefined =>
  Object.keys(labels).find((version) => labels[version]?.includes(label))

/** The version that readers get. */
export const currentOf = (labels: Labels = {}): string | undefined => holderOf(labels, 'AWSCURRENT')

/** The version that a rotation is making; nothing where none is being made. One of a trial is in nobody's way. */
export const pendingOf = (labels: Labels = {}): string | undefined => {
  const pending = holderOf(labels, 'AWSPENDING')
  return pending === undefined || pending === currentOf(labels) || isTrialVersion(pending) ? undefined : pending
}
