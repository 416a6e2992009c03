import type { SdkLimits } from './bounded-call.ts'
import { loadSdk } from './optional-sdk.ts'

/** What a call is told. */
export interface AzureCallOptions {
  readonly abortSignal?: AbortSignal
  readonly requestOptions: { readonly timeout: number }
}

export interface AzureSecretProperties {
  readonly name: string
  readonly vaultUrl: string
  readonly version?: string
  readonly enabled?: boolean
  readonly contentType?: string
  readonly createdOn?: Date
  readonly updatedOn?: Date
  readonly tags?: { readonly [name: string]: string }
}

export interface AzureSecret {
  readonly name: string
  readonly value?: string
  readonly properties: AzureSecretProperties
}

/** As much of `SecretClient` as the azure provider calls. */
export interface AzureSecretsClient {
  getSecret(name: string, options: AzureCallOptions & { readonly version?: string }): Promise<AzureSecret>
  setSecret(
    name: string,
    value: string,
    options: AzureCallOptions & { contentType?: string; tags?: { [name: string]: string } },
  ): Promise<AzureSecret>
  listPropertiesOfSecrets(options: AzureCallOptions): AsyncIterable<AzureSecretProperties>
  listPropertiesOfSecretVersions(name: string, options: AzureCallOptions): AsyncIterable<AzureSecretProperties>
  beginDeleteSecret(name: string, options: AzureCallOptions): Promise<{ pollUntilDone(): Promise<unknown> }>
  purgeDeletedSecret(name: string, options: AzureCallOptions): Promise<void>
}

/** What signs in to Azure: `DefaultAzureCredential`, or another of `@azure/identity`. */
export interface AzureCredential {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number } | null>
}

interface SecretsSdk {
  readonly SecretClient: new (url: string, credential: AzureCredential, options: object) => AzureSecretsClient
}

interface IdentitySdk {
  readonly DefaultAzureCredential: new () => AzureCredential
}

/** A client of Azure's own SDK, told not to retry; signed in as `DefaultAzureCredential` does where nothing is given. */
export const openAzureClient = async (
  vaultUrl: string,
  credential: AzureCredential | undefined,
): Promise<AzureSecretsClient> => {
  const { SecretClient } = await loadSdk<SecretsSdk>({ name: '@azure/keyvault-secrets', major: 4 }, 'azure')
  const options = { retryOptions: { maxRetries: 0 } }
  if (credential) return new SecretClient(vaultUrl, credential, options)
  const { DefaultAzureCredential } = await loadSdk<IdentitySdk>({ name: '@azure/identity', major: 4 }, 'azure')
  return new SecretClient(vaultUrl, new DefaultAzureCredential(), options)
}

export const azureCallOptions = ({ signal, timeoutMs }: SdkLimits): AzureCallOptions => ({
  requestOptions: { timeout: timeoutMs },
  abortSignal: signal,
})
