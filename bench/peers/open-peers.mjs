// What the library is compared with, each with one client on the given endpoint and its cache on for an hour.
import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import secretsManager from '@middy/secrets-manager'

/** Each peer's ways to read: `cached` (where it caches) and `fresh`. */
export const openPeers = (clientConfig, secretId) => {
  const client = new SecretsManagerClient(clientConfig)
  const powertools = new SecretsProvider({ awsSdkV3Client: client })
  const middyOptions = {
    awsClientOptions: clientConfig,
    fetchData: { secret: secretId },
    cacheExpiry: -1,
    disablePrefetch: true,
  }
  const middy = secretsManager(middyOptions)
  const middyRead = async () => {
    const request = { internal: {}, context: {} }
    await middy.before(request)
    return request.internal.secret
  }
  return {
    powertools: {
      cached: () => powertools.get(secretId, { maxAge: 3_600 }),
      cachedJson: () => powertools.get(secretId, { maxAge: 3_600, transform: 'json' }),
      fresh: () => powertools.get(secretId, { forceFetch: true }),
    },
    middy: { cached: middyRead },
    sdk: { fresh: async () => (await client.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString },
    close: () => client.destroy(),
  }
}
