import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { GcpDouble, GrpcError } from '../../../packages/providers/test/gcp-double.ts'
import type { GcpCallOptions } from '../../../packages/providers/src/gcp-client.ts'
import { sdk } from './sdk.ts'

type Answer = (error: { readonly code: number; readonly details: string } | null, answer?: object) => void
type Handler = (call: { readonly request: never }, answer: Answer) => void

interface Server {
  addService(service: object, handlers: Readonly<Record<string, Handler>>): void
  bindAsync(address: string, credentials: object, done: (error: Error | null, port: number) => void): void
  forceShutdown(): void
}

/** As much of `@grpc/grpc-js` as a server takes. */
interface Grpc {
  readonly Server: new () => Server
  readonly ServerCredentials: { createInsecure(): object }
  readonly credentials: { createInsecure(): object }
  loadPackageDefinition(definition: object): {
    google: { cloud: { secretmanager: { v1: { SecretManagerService: { readonly service: object } } } } }
  }
}

interface ProtoLoader {
  fromJSON(json: object, options: object): object
}

const options: GcpCallOptions = { retry: null, timeout: 1_000 }
const all = async <T>(list: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const entry of list) found.push(entry)
  return found
}

/** Google's Secret Manager over gRPC, which is what its SDK speaks by itself, over the double of the unit tests. */
export class GoogleGrpcServer {
  readonly double: GcpDouble = new GcpDouble()
  asked = 0
  hangs = false
  port = 0
  #server: Server | undefined

  /** What the SDK's client takes in place of TLS. */
  static async insecure(): Promise<object> {
    return (await sdk<Grpc>('@grpc/grpc-js')).credentials.createInsecure()
  }

  async start(): Promise<this> {
    const grpc = await sdk<Grpc>('@grpc/grpc-js')
    const loader = await sdk<ProtoLoader>('@grpc/proto-loader')
    const place = createRequire(import.meta.url).resolve('@google-cloud/secret-manager/build/protos/protos.json')
    const definition = loader.fromJSON(JSON.parse(readFileSync(place, 'utf8')), { longs: String, enums: String })
    const server = new grpc.Server()
    const { service } = grpc.loadPackageDefinition(definition).google.cloud.secretmanager.v1.SecretManagerService
    server.addService(service, this.#handlers())
    this.#server = server
    this.port = await new Promise((resolve, reject) => {
      const done = (error: Error | null, port: number): void => (error ? reject(error) : resolve(port))
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), done)
    })
    return this
  }

  stop(): void {
    this.#server?.forceShutdown()
  }

  #handlers(): Readonly<Record<string, Handler>> {
    const { double } = this
    return {
      AccessSecretVersion: this.#handler(async (request) => (await double.accessSecretVersion(request, options))[0]),
      ListSecretVersions: this.#handler(async (request) => ({
        versions: await all(double.listSecretVersionsAsync(request, options)),
      })),
      ListSecrets: this.#handler(async (request) => ({
        secrets: await all(double.listSecretsAsync(request, options)),
      })),
      CreateSecret: this.#handler(async (request) => (await double.createSecret(request, options))[0]),
      AddSecretVersion: this.#handler(async (request) => (await double.addSecretVersion(request, options))[0]),
      DeleteSecret: this.#handler(async (request) => (await double.deleteSecret(request, options))[0] ?? {}),
    }
  }

  #handler(perform: (request: never) => Promise<object>): Handler {
    return ({ request }, answer) => {
      this.asked += 1
      if (this.hangs) return
      perform(request).then(
        (given) => answer(null, given),
        (thrown: unknown) => {
          const { code, message } =
            thrown instanceof GrpcError ? thrown : { code: 13, message: 'a fault of the double' }
          answer({ code, details: message })
        },
      )
    }
  }
}
