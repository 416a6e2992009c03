/** A workload: it reads one secret, and knows nothing of where its keys come from. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

const client = new SecretsManagerClient({})
try {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'shop/api-key' }))
  console.log(`reads ${SecretString?.length} characters`)
} catch (error) {
  const { name, message } = error as Error
  console.log(`${name}: ${message}`)
}
