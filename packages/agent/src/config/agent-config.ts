/** What the agent is told, with defaults filled in. Frozen. */
export interface AgentConfig {
  /** `false`: there is nothing to start. */
  readonly enabled: boolean
  readonly httpPort: number
  readonly region?: string
  readonly ttlMs: number
  readonly cacheSize: number
  readonly maxConnections: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'none'
  readonly logToFile: boolean
  /** Lower case. */
  readonly tokenHeaders: readonly string[]
  readonly tokenVariables: readonly string[]
  readonly pathPrefix: string
  readonly ignoreTransientErrors: boolean
  readonly validateCredentials: boolean
  /** An AWS credentials file whose `[default]` profile is followed; takes the place of AWS's chain. */
  readonly credentialsFile?: string
  /** Another endpoint than AWS's own: Keyplane's store, a VPC endpoint. */
  readonly endpoint?: string
  /** How long past its expiry a value covers failures of AWS that may pass. */
  readonly maxStaleMs: number
}
