import { readFileSync } from 'node:fs'
import * as kms from '@aws-sdk/client-kms'
import * as secretsManager from '@aws-sdk/client-secrets-manager'
import * as ssm from '@aws-sdk/client-ssm'
import * as sts from '@aws-sdk/client-sts'
import type { AwsClient, ClientAnswer, ClientCall } from './call-client.ts'

interface Client {
  send(command: unknown): Promise<Record<string, unknown>>
  destroy(): void
}
type Class = new (input: object) => unknown
const packages = { kms, secretsmanager: secretsManager, ssm, sts } as unknown as Record<string, Record<string, Class>>
const clientNames = { kms: 'KMSClient', secretsmanager: 'SecretsManagerClient', ssm: 'SSMClient', sts: 'STSClient' }
const blobs = ['SecretBinary', 'Plaintext', 'CiphertextBlob']

const fromJson = (input: ClientCall['input']): object =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      blobs.includes(name) ? Uint8Array.from(Buffer.from(String(value), 'base64')) : value,
    ]),
  )
const asJson = (_name: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value

const versionOf = (name: string): string => {
  const manifest = new URL(`../../../node_modules/@aws-sdk/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
}

/** The AWS SDK for JavaScript, in this process. */
export class JavaScriptClient implements AwsClient {
  readonly version: string = versionOf('client-secrets-manager')
  readonly #endpoint: string

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  async send({ service, operation, input, keys, region }: ClientCall): Promise<ClientAnswer> {
    const own = packages[service]
    const Command = own?.[`${operation}Command`]
    const ClientClass = own?.[clientNames[service]]
    if (!Command || !ClientClass) return { unknown: true }
    const client = new ClientClass({ endpoint: this.#endpoint, region, credentials: { ...keys } }) as Client
    try {
      const { $metadata: _, ...output } = await client.send(new Command(fromJson(input)))
      // Bytes are a Buffer at times, which has a JSON form of its own.
      const plain = Object.entries(output).map(([name, value]) => [name, asJson(name, value)])
      return { output: JSON.parse(JSON.stringify(Object.fromEntries(plain))) as Record<string, unknown> }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return { error: { code: error.name, type: error.constructor.name, message: error.message } }
    } finally {
      client.destroy()
    }
  }

  async close(): Promise<void> {}
}
