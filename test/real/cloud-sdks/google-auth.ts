import type { GcpSecretsClient } from '../../../packages/providers/src/gcp-client.ts'
import { sdk } from './sdk.ts'

export interface GoogleSdk {
  readonly SecretManagerServiceClient: new (options: object) => GcpSecretsClient
}

export interface GoogleAuthSdk {
  readonly GoogleAuth: new (options: object) => object
  readonly OAuth2Client: new () => { setCredentials(credentials: object): void }
}

/** A sign-in that asks nobody: it has a token already. */
export const googleAuth = async (): Promise<object> => {
  const { GoogleAuth, OAuth2Client } = await sdk<GoogleAuthSdk>('google-auth-library')
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: 'token-of-this-test', expiry_date: Date.now() + 3_600_000 })
  return new GoogleAuth({ authClient, projectId: 'mine' })
}
