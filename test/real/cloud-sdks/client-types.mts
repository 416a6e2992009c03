/** Compiled, never run: the SDKs' own clients are what the providers' `client` options take. */
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { SecretManagerServiceClient } from '@google-cloud/secret-manager'
import type { AzureCredential, AzureSecretsClient } from '../../../packages/providers/src/azure-client.ts'
import type { GcpSecretsClient } from '../../../packages/providers/src/gcp-client.ts'

export const google: GcpSecretsClient = new SecretManagerServiceClient()
export const credential: AzureCredential = new DefaultAzureCredential()
export const azure: AzureSecretsClient = new SecretClient('https://mine.vault.azure.net', new DefaultAzureCredential())
