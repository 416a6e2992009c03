import type { SdkLimits } from './bounded-call.ts'
import { loadSdk } from './optional-sdk.ts'

/** What a call is told. `retry: null` keeps the SDK from asking again by itself. */
export interface GcpCallOptions {
  readonly retry: null
  readonly timeout: number
  readonly signal?: AbortSignal
  /** What an iterable of the SDK's does anyway; it warns where it is not said. */
  readonly autoPaginate?: false
}

/** An integer of 64 bits as protobuf's JavaScript has it. */
export type GcpInteger = number | string | { toNumber(): number }

/** A moment as protobuf has it. */
export interface GcpTimestamp {
  readonly seconds?: GcpInteger | null
  readonly nanos?: number | null
}

export interface GcpSecretVersion {
  /** `projects/1234/secrets/NAME/versions/1`. */
  readonly name?: string | null
  readonly createTime?: GcpTimestamp | null
  /** By name or number: 1 is enabled, 2 disabled, 3 destroyed. */
  readonly state?: unknown
}

export interface GcpAccessAnswer {
  readonly name?: string | null
  readonly payload?: {
    readonly data?: Uint8Array | string | null
    readonly dataCrc32c?: GcpInteger | null
  } | null
}

export interface GcpSecret {
  readonly name?: string | null
  readonly createTime?: GcpTimestamp | null
}

/** As much of `SecretManagerServiceClient` as the gcp provider calls. */
export interface GcpSecretsClient {
  /** Looks for credentials; each client of Google's has it. */
  initialize?(): Promise<unknown>
  getProjectId(): Promise<string>
  accessSecretVersion(
    request: { readonly name: string },
    options: GcpCallOptions,
  ): Promise<readonly [GcpAccessAnswer, ...unknown[]]>
  listSecretVersionsAsync(
    request: { readonly parent: string; readonly pageSize: number },
    options: GcpCallOptions,
  ): AsyncIterable<GcpSecretVersion>
  listSecretsAsync(
    request: { readonly parent: string; readonly filter?: string; readonly pageSize: number },
    options: GcpCallOptions,
  ): AsyncIterable<GcpSecret>
  createSecret(
    request: {
      readonly parent: string
      readonly secretId: string
      readonly secret: { readonly replication: { readonly automatic: Record<string, never> } }
    },
    options: GcpCallOptions,
  ): Promise<readonly [GcpSecret, ...unknown[]]>
  addSecretVersion(
    request: { readonly parent: string; readonly payload: { readonly data: Uint8Array; readonly dataCrc32c: string } },
    options: GcpCallOptions,
  ): Promise<readonly [GcpSecretVersion, ...unknown[]]>
  deleteSecret(request: { readonly name: string }, options: GcpCallOptions): Promise<unknown>
  close(): Promise<unknown>
}

interface Sdk {
  readonly SecretManagerServiceClient: new (options: { readonly projectId?: string }) => GcpSecretsClient
}

const sdkPackage = { name: '@google-cloud/secret-manager', major: 7, node: 22 } as const

/** A client of Google's own SDK, with the credentials that Google's chain finds. */
export const openGcpClient = async (projectId: string | undefined): Promise<GcpSecretsClient> => {
  const { SecretManagerServiceClient } = await loadSdk<Sdk>(sdkPackage, 'gcp')
  return new SecretManagerServiceClient(projectId === undefined ? {} : { projectId })
}

export const gcpCallOptions = ({ signal, timeoutMs }: SdkLimits): GcpCallOptions => ({
  retry: null,
  timeout: timeoutMs,
  signal,
})
